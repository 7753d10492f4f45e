package hub_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/runner"
)

type natsConn = nats.Conn

// dial connects as somebody who has a runner's file, and wants more than the runner does.
func dial(c *centre, f *runner.File, more ...nats.Option) (*nats.Conn, error) {
	options := append([]nats.Option{nats.UserJWTAndSeed(f.JWT, f.Seed), nats.Secure(c.address.TLS()),
		nats.ProxyPath(fleet.NotifyPath), nats.CustomInboxPrefix(fleet.InboxPrefix(f.Place.Name)),
		nats.NoReconnect(), nats.Timeout(10 * time.Second), nats.NoCallbacksAfterClientClose(),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}, more...)
	return nats.Connect(c.address.WebSocket(), options...)
}

func connect(t *testing.T, c *centre, f *runner.File, more ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := dial(c, f, more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// wipe removes the disk of JetStream.
func wipe(t *testing.T, dir string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, "nats")); err != nil {
		t.Fatal(err)
	}
}

// TestWhatAStolenRunnerCannotDo: docs/fleet.md lists it. The credentials are real, and every forbidden subject is
// refused by the server; what it may do is not.
func TestWhatAStolenRunnerCannotDo(t *testing.T) {
	engines(t, func(t *testing.T, dir string, n string) { stolen(t, startOn(t, dir, "", n)) })
}

func stolen(t *testing.T, c *centre) {
	f, other := c.mustJoin("fra-1"), c.mustJoin("iad-1")
	refused := make(chan error, 100)
	nc := connect(t, c, f, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	expect := func(what string, want bool, do func() error) {
		t.Helper()
		if err := errors.Join(do(), nc.Flush()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		select {
		case err := <-refused:
			if !want || !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%s: %v", what, err)
			}
		default:
			if want {
				select { // the answer to the flush may overtake the error's callback
				case <-refused:
				case <-time.After(5 * time.Second):
					t.Errorf("%s is not refused", what)
				}
			}
		}
	}
	for _, subject := range []string{
		fleet.RunSubject("iad-1"), fleet.Ask("iad-1", fleet.Hellos), fleet.TellSubject("iad-1"),
		fleet.TellSubject("fra-1"), fleet.TellAll,
		"$JS.API.INFO", "$JS.API.STREAM.DELETE.RUNS", "$JS.API.STREAM.CREATE.MINE",
		"$JS.API.CONSUMER.CREATE.RUNS", "$JS.ACK.RUNS.hub.1.1.1.1.1", "$KV.members.fra-1", "$SYS.REQ.SERVER.PING",
		fleet.InboxPrefix("iad-1") + ".x", fleet.InboxPrefix("fra-1") + ".x", "rtc.v1.live.iad-1", "anything",
	} {
		expect("publish to "+subject, true, func() error { return nc.Publish(subject, []byte("x")) })
	}
	for _, subject := range []string{
		">", "rtc.>", "rtc.v1.run.>", fleet.RunSubject("fra-1"), fleet.RunsSubject, fleet.AskSubject, "_INBOX.>",
		"_INBOX.*",
		fleet.InboxPrefix("iad-1") + ".>", fleet.TellSubject("iad-1"), "rtc.v1.tell.*", "$JS.>", "$SYS.>", "$KV.>",
	} {
		expect("subscribe to "+subject, true, func() error {
			_, err := nc.SubscribeSync(subject)
			return err
		})
	}
	for _, subject := range []string{fleet.TellAll, fleet.TellSubject("fra-1"), fleet.InboxPrefix("fra-1") + ".x"} {
		expect("subscribe to "+subject, false, func() error {
			_, err := nc.SubscribeSync(subject)
			return err
		})
	}
	expect("publish a run", false, func() error { return nc.Publish(fleet.RunSubject("fra-1"), []byte("x")) })
	// It asks in its own name, and has the answer sent to somebody else: nobody is answered.
	foreign := connect(t, c, other)
	inbox, err := foreign.SubscribeSync(fleet.InboxPrefix("iad-1") + ".stolen")
	if err != nil || foreign.Flush() != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest(fleet.Ask("fra-1", fleet.Hellos), fleet.InboxPrefix("iad-1")+".stolen",
		[]byte(`{"protocol":1}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Request(fleet.Ask("fra-1", fleet.Hellos), []byte(`{"protocol":1}`), 10*time.Second); err != nil {
		t.Fatal("an own request is not answered:", err)
	}
	if n, _, err := inbox.Pending(); n != 0 || err != nil {
		t.Errorf("another runner was answered: %d, %v", n, err)
	}
}

// TestForeignCredentials: a JWT that nobody here signed, one that a runner signs for itself, one whose key is another,
// and none at all, open no connection.
func TestForeignCredentials(t *testing.T) {
	engines(t, func(t *testing.T, dir string, n string) { foreign(t, startOn(t, dir, "", n)) })
}

func foreign(t *testing.T, c *centre) {
	f, other := c.mustJoin("fra-1"), c.mustJoin("iad-1")
	pair, err := nkeys.FromSeed([]byte(f.Seed))
	if err != nil {
		t.Fatal(err)
	}
	id, _ := pair.PublicKey()
	account, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	real, err := jwt.DecodeUserClaims(f.JWT)
	if err != nil {
		t.Fatal(err)
	}
	forged := jwt.NewUserClaims(id)
	forged.Name, forged.IssuerAccount = "fra-1", real.IssuerAccount
	byItself, err := forged.Encode(account)
	if err != nil {
		t.Fatal(err)
	}
	for what, with := range map[string]nats.Option{
		"a JWT that another account signed": nats.UserJWTAndSeed(byItself, f.Seed),
		"the JWT of another runner":         nats.UserJWTAndSeed(other.JWT, f.Seed),
		"a JWT with another name in it":     nats.UserJWTAndSeed(strings.Replace(f.JWT, ".", ".e", 1), f.Seed),
		"nothing": func(o *nats.Options) error {
			o.UserJWT, o.SignatureCB = nil, nil
			return nil
		},
	} {
		if nc, err := dial(c, f, with); err == nil {
			nc.Close()
			t.Errorf("%s opens a connection", what)
		}
	}
}
