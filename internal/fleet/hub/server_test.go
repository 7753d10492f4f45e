package hub

import (
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// TestDisconnect: the connections of one key end, without a look at what everybody else may do, and no others.
func TestDisconnect(t *testing.T) {
	k, err := loadKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	e, err := startInside(t.TempDir(), k, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	key, gone := runnerOn(t, e, "fra-1")
	_, other := runnerOn(t, e, "iad-1")
	e.disconnect(key)
	select {
	case <-gone:
	case <-time.After(time.Minute):
		t.Fatal("it is still connected")
	}
	select {
	case <-other:
		t.Error("another one is thrown out")
	default:
	}
}

// runnerOn is a runner that is connected: its key, and what is closed when the connection ends.
func runnerOn(t *testing.T, e *inside, name string) (key string, gone <-chan struct{}) {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	key, _ = pair.PublicKey()
	seed, _ := pair.Seed()
	token, err := e.keys.runnerJWT(name, key)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	nc, err := nats.Connect("", nats.InProcessServer(e.server), nats.UserJWTAndSeed(token, string(seed)),
		nats.NoReconnect(), nats.Timeout(time.Minute), nats.ClosedHandler(func(*nats.Conn) { close(ended) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return key, ended
}
