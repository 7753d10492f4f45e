package hub_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

// centre is a hub that listens on loopback with a certificate of its own.
type centre struct {
	*hub.Hub
	t       *testing.T
	dir     string
	address fleet.Address
	stop    func()
	said    *said
}

// said is a log that a test can look into.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func logger(s *said) *slog.Logger { return slog.New(slog.NewTextHandler(s, nil)) }

// start is a hub in dir at address; "" = a free port.
func start(t *testing.T, dir, at string) *centre {
	t.Helper()
	c := &centre{t: t, dir: dir, said: &said{}}
	certificate, pin, err := hub.SelfSigned(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.Hub, err = hub.Open(hub.Options{Dir: dir, Version: "v1", Log: logger(c.said), Admin: "admin"}); err != nil {
		t.Fatal(err)
	}
	if at == "" {
		at = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	c.address = fleet.Address{URL: "https://" + l.Addr().String(), Pin: pin}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Serve(ctx, l, &tls.Config{Certificates: []tls.Certificate{certificate}}) }()
	c.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the hub ended: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Errorf("close the hub: %v", err)
		}
	})
	t.Cleanup(c.stop)
	return c
}

// call asks the admin interface.
func (c *centre) call(method, path string, body, into any) {
	c.t.Helper()
	if err := c.try(method, path, body, into); err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
}

func (c *centre) try(method, path string, body, into any) error {
	return call.Hub{Address: c.address, Admin: "admin"}.Do(c.t.Context(), method, path, body, into)
}

func (c *centre) token(o hub.TokenOrder) string {
	c.t.Helper()
	if o.Life == 0 {
		o.Life = time.Hour
	}
	if o.Uses == 0 {
		o.Uses = 1
	}
	var made hub.TokenMade
	c.call("POST", "/admin/tokens", o, &made)
	return made.Token
}

// join enrols a runner of that name in a folder of its own.
func (c *centre) join(name, token string) (*runner.File, error) {
	return runner.Join(c.t.Context(), filepath.Join(c.t.TempDir(), "fleet.json"), c.address.String(), token, "v1",
		fleet.Place{Name: name, Location: "fra"}, nil)
}

func (c *centre) mustJoin(name string) *runner.File {
	c.t.Helper()
	f, err := c.join(name, c.token(hub.TokenOrder{}))
	if err != nil {
		c.t.Fatal(err)
	}
	return f
}

// run lets a runner work until the end of the test, or until stop is called.
func (c *centre) run(f *runner.File) (stop func()) {
	c.t.Helper()
	r, err := runner.New(f, runner.Options{Version: "v1", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("the runner ended: %v", err)
		}
	})
	c.t.Cleanup(stop)
	return stop
}

func (c *centre) state(name string) hub.State {
	c.t.Helper()
	var o hub.Overview
	c.call("GET", "/admin/members", nil, &o)
	for _, s := range o.Places {
		if s.Name == name {
			return s
		}
	}
	return hub.State{}
}

// await asks until it is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 30 s: not %s", what)
		}
	}
}

// TestARunnerJoinsAndIsHeard: the whole way, by TLS with a pin, and again with the runner's file alone.
func TestARunnerJoinsAndIsHeard(t *testing.T) {
	c := start(t, t.TempDir(), "")
	f := c.mustJoin("fra-1")
	stop := c.run(f)
	await(t, "heard", func() bool { return c.state("fra-1").Heard != nil })
	stop()
	c.run(f) // its own file is enough
	await(t, "heard again, with a clock", func() bool {
		h := c.state("fra-1").Heard
		return h != nil && h.Hello.Version == "v1" && !c.state("fra-1").Silent
	})
	again, err := runner.Load(f.Path())
	if err != nil || again.JWT != f.JWT || again.Seed == "" {
		t.Errorf("the file: %v", err)
	}
	if text := c.said.String(); strings.Contains(text, f.Seed) || strings.Contains(text, f.JWT) {
		t.Error("the hub's log has a secret in it")
	}
}

// TestWhoIsNotLetIn: each has one clear reason, and none of them becomes a member.
func TestWhoIsNotLetIn(t *testing.T) {
	c := start(t, t.TempDir(), "")
	spent := c.token(hub.TokenOrder{})
	if _, err := c.join("taken", spent); err != nil {
		t.Fatal(err)
	}
	short := c.token(hub.TokenOrder{Life: time.Second, Uses: hub.MaxUses})
	n := 0
	await(t, "expired", func() bool {
		n++
		_, err := c.join(fmt.Sprint("early-", n), short)
		return err != nil && strings.Contains(err.Error(), "expired")
	})
	for _, x := range []struct{ what, name, token, want string }{
		{"a token that is used up", "b", spent, "used up"},
		{"a made-up token", "b", fleet.NewToken(), "not known"},
		{"a name that is taken", "taken", c.token(hub.TokenOrder{}), "joined with another key"},
		{"a name that would reach other subjects", "a.>", c.token(hub.TokenOrder{}), "lower-case"},
	} {
		_, err := c.join(x.name, x.token)
		if err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), x.token) {
			t.Errorf("%s: %v, want %q", x.what, err, x.want)
		}
	}
	address := c.address
	for pin, want := range map[string]string{
		"":                      "a hub that made its own certificate printed a pin",
		strings.Repeat("A", 43): "the certificate of the hub is not the one that the pin names",
		address.Pin[:42]:        "42 characters",
	} {
		c.address = fleet.Address{URL: address.URL, Pin: pin}
		_, err := c.join("pin", "rtcj-x")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("pin %q: %v", pin, err)
		}
	}
	c.address = address
	var o hub.Overview
	c.call("GET", "/admin/members", nil, &o)
	for _, s := range o.Places {
		if s.Name != "taken" && !strings.HasPrefix(s.Name, "early-") {
			t.Errorf("%s is a member", s.Name)
		}
	}
}

// TestCountedTokens let in as many as they say; a runner that did not hear the answer asks again and spends nothing.
func TestCountedTokens(t *testing.T) {
	c := start(t, t.TempDir(), "")
	token := c.token(hub.TokenOrder{Uses: 2})
	path := filepath.Join(t.TempDir(), "fleet.json")
	place := fleet.Place{Name: "a", Location: "fra"}
	first, err := runner.Join(t.Context(), path, c.address.String(), token, "v1", place, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := forget(first); err != nil { // as if the answer had been lost
		t.Fatal(err)
	}
	second, err := runner.Join(t.Context(), path, c.address.String(), token, "v1", place, nil)
	if err != nil || second.Seed != first.Seed {
		t.Fatalf("asked again: %v", err)
	}
	if _, err := c.join("b", token); err != nil {
		t.Error("the second use:", err)
	}
	if _, err := c.join("c", token); err == nil {
		t.Error("a token for two let in a third")
	}
}

// TestRevoked: whoever is thrown out is out within a second and does not come in again, nor after a restart of the hub,
// whose stream's disk was wiped meanwhile.
func TestRevoked(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, "")
	f := c.mustJoin("fra-1")
	nc := connect(t, c, f)
	gone := make(chan struct{})
	nc.SetDisconnectErrHandler(func(*natsConn, error) { close(gone) })
	before := time.Now()
	c.call("POST", "/admin/members/fra-1/revoke", nil, new(fleet.Member))
	select {
	case <-gone:
		t.Logf("thrown out after %v", time.Since(before))
	case <-time.After(time.Second):
		t.Error("a revoked runner is still connected after a second")
	}
	for range 2 {
		if nc, err := dial(c, f); err == nil {
			nc.Close()
			t.Error("a revoked runner comes in again")
		}
		at := strings.TrimPrefix(c.address.URL, "https://")
		c.stop()
		wipe(t, dir)
		c = start(t, dir, at)
	}
	if _, err := c.join("fra-1", c.token(hub.TokenOrder{})); err == nil {
		t.Error("the name of a revoked place is free for everybody")
	}
	if _, err := c.join("fra-1", c.token(hub.TokenOrder{Replace: true})); err != nil {
		t.Error("replace a revoked place:", err)
	}
}

// TestReplaced: the runner that a name had before is thrown out, and the new one is the place.
func TestReplaced(t *testing.T) {
	c := start(t, t.TempDir(), "")
	old := c.mustJoin("fra-1")
	if _, err := c.join("fra-1", c.token(hub.TokenOrder{})); err == nil {
		t.Fatal("two runners have one name")
	}
	nc := connect(t, c, old)
	gone := make(chan struct{})
	nc.SetDisconnectErrHandler(func(*natsConn, error) { close(gone) })
	f, err := c.join("fra-1", c.token(hub.TokenOrder{Replace: true}))
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(time.Second):
		t.Error("the runner that was replaced is still connected after a second")
	}
	if nc, err := dial(c, old); err == nil {
		nc.Close()
		t.Error("the runner that was replaced comes in again")
	}
	connect(t, c, f)
}

// forget leaves in a runner's file what was there before the answer to its enrolment.
func forget(f *runner.File) error {
	before := *f
	before.JWT, before.PlanKey = "", nil
	data, err := json.Marshal(before)
	if err != nil {
		return err
	}
	return os.WriteFile(f.Path(), data, 0o600)
}
