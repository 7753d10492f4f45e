// Package benchtest holds the conformance suites of bench's contracts. Every implementation
// runs them in its own tests; nothing else imports it.
package benchtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rtcbench/bench"
)

// Platform is a transport under test, and what the suite cannot do by the transport alone.
type Platform struct {
	Transport bench.Transport
	Room      func(t *testing.T, name, identity string) bench.Room // with the right to join as identity
	End       func(t *testing.T, name string)                      // closes a room for everybody
	// of a server that takes connections and never answers; nil = there is no such thing
	Silent func(t *testing.T) bench.Room
}

const (
	patience = time.Minute            // for what has to happen
	quiet    = 300 * time.Millisecond // for what must not happen
	// How soon a context has to end a call: 100 ms is promised on a machine at rest. SDKs whose calls know no context
	// return after five seconds and more.
	prompt = 3 * time.Second
)

// TestTransport holds p against the contract of bench.Transport and bench.Session.
func TestTransport(t *testing.T, p Platform) {
	t.Cleanup(func() { NoLeak(t) })
	s := suite{p, 0}
	for _, c := range []struct {
		name string
		test func(*testing.T)
	}{
		{"a message reaches the whole room but its sender", s.wholeRoom},
		{"a message to one reaches that one only", s.oneAddressee},
		{"the reliable channel keeps the order", s.order},
		{"payloads are bytes of any size", s.payloads},
		{"the payload may be reused after Send", s.reuse},
		{"contexts end calls", s.contexts},
		{"Close ends everything, once", s.closing},
		{"a second session of one identity puts out the first", s.sameIdentity},
		{"a room that ends ends its sessions", s.roomEnds},
	} {
		t.Run(c.name, c.test)
	}
}

// NoLeak fails t if goroutines are still there after a while.
func NoLeak(t *testing.T) {
	t.Helper()
	err := errors.New("not looked at yet")
	for deadline := time.Now().Add(patience); err != nil && time.Now().Before(deadline); {
		http.DefaultClient.CloseIdleConnections() // kept for a next request; no leak
		err = goleak.Find()
	}
	if err != nil {
		t.Error(err)
	}
}

type suite struct {
	Platform
	rooms int
}

func (s *suite) room() string {
	s.rooms++
	return fmt.Sprintf("conformance-%d-%d", time.Now().UnixNano(), s.rooms)
}

func (s *suite) join(t *testing.T, room, identity string) bench.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	session, err := s.Transport.Join(ctx, s.Room(t, room, identity),
		bench.JoinOptions{Identity: identity, ReconnectTimeout: patience})
	if err != nil {
		t.Fatalf("join as %s: %v", identity, err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

func send(t *testing.T, s bench.Session, m bench.Message) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Send(ctx, m); err != nil {
		t.Fatalf("send: %v", err)
	}
}

func recv(t *testing.T, s bench.Session) bench.Packet {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := s.Recv(ctx)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	if age := time.Since(p.At); age < 0 || age > patience {
		t.Fatalf("At is %v ago", age)
	}
	return p
}

func nothing(t *testing.T, s bench.Session) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), quiet)
	defer cancel()
	if p, err := s.Recv(ctx); err == nil {
		t.Errorf("got %q from %s, want nothing", p.Payload, p.From)
	}
}

func (s *suite) wholeRoom(t *testing.T) {
	room := s.room()
	a, b, c := s.join(t, room, "a"), s.join(t, room, "b"), s.join(t, room, "c")
	other := s.join(t, s.room(), "d")
	if id := a.Facts().Identity; id != "a" {
		t.Errorf("Facts().Identity = %q, want a", id)
	}
	send(t, a, bench.Message{Payload: []byte("hello")})
	for _, to := range []bench.Session{b, c} {
		if p := recv(t, to); p.From != "a" || string(p.Payload) != "hello" {
			t.Errorf("got %q from %q", p.Payload, p.From)
		}
	}
	nothing(t, a)
	nothing(t, other)
}

func (s *suite) oneAddressee(t *testing.T) {
	room := s.room()
	a, b, c := s.join(t, room, "a"), s.join(t, room, "b"), s.join(t, room, "c")
	for _, class := range []bench.TransportClass{bench.DataChannelReliable, bench.DataChannelLossy} {
		send(t, a, bench.Message{Payload: []byte("for c"), To: "c", Class: class})
		if p := recv(t, c); string(p.Payload) != "for c" || p.From != "a" {
			t.Errorf("got %q from %q", p.Payload, p.From)
		}
	}
	nothing(t, b)
}

func (s *suite) order(t *testing.T) {
	room := s.room()
	a, b := s.join(t, room, "a"), s.join(t, room, "b")
	const n = 200
	for i := range n {
		send(t, a, bench.Message{Payload: strconv.AppendInt(nil, int64(i), 10)})
	}
	for i := range n {
		if p := recv(t, b); string(p.Payload) != strconv.Itoa(i) {
			t.Fatalf("message %d is %q", i, p.Payload)
		}
	}
}

func (s *suite) payloads(t *testing.T) {
	room := s.room()
	a, b := s.join(t, room, "a"), s.join(t, room, "b")
	for _, size := range []int{1, 1 << 10, 15 << 10} {
		payload := make([]byte, size)
		for i := range payload {
			payload[i] = byte(i * 7) // every byte value, also those that are no text
		}
		send(t, a, bench.Message{Payload: payload})
		if p := recv(t, b); !bytes.Equal(p.Payload, payload) {
			t.Errorf("%d bytes arrived as %d others", size, len(p.Payload))
		}
	}
}

func (s *suite) reuse(t *testing.T) {
	room := s.room()
	a, b := s.join(t, room, "a"), s.join(t, room, "b")
	buf := []byte("first!")
	send(t, a, bench.Message{Payload: buf})
	copy(buf, "SECOND")
	if p := recv(t, b); string(p.Payload) != "first!" {
		t.Errorf("got %q", p.Payload)
	}
}

func (s *suite) contexts(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	a := s.join(t, s.room(), "a")
	within(t, "Send", func() { a.Send(gone, bench.Message{Payload: []byte("x")}) })
	within(t, "Recv", func() {
		if _, err := a.Recv(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("Recv: %v, want context canceled", err)
		}
	})
	within(t, "Join", func() {
		if late, err := s.Transport.Join(gone, s.Room(t, s.room(), "b"), bench.JoinOptions{Identity: "b"}); err == nil {
			late.Close()
			t.Error("Join with a context that is over worked")
		}
	})
	if s.Silent == nil {
		return
	}
	room := s.Silent(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan time.Time, 1)
	time.AfterFunc(quiet, func() { ended <- time.Now(); cancel() })
	_, err := s.Transport.Join(ctx, room, bench.JoinOptions{Identity: "c"})
	if took := time.Since(<-ended); err == nil || took > prompt {
		t.Errorf("Join ended %v after its context, with %v", took, err)
	}
}

func within(t *testing.T, what string, f func()) {
	t.Helper()
	begin := time.Now()
	f()
	if d := time.Since(begin); d > prompt {
		t.Errorf("%s ended %v after its context", what, d)
	}
}

func (s *suite) closing(t *testing.T) {
	room := s.room()
	a, b := s.join(t, room, "a"), s.join(t, room, "b")
	ended := make(chan error, 1)
	go func() {
		_, err := a.Recv(context.Background())
		ended <- err
	}()
	for range 2 {
		if err := a.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	select {
	case err := <-ended:
		if !errors.Is(err, bench.ErrClosed) {
			t.Errorf("Recv during Close: %v, want %v", err, bench.ErrClosed)
		}
	case <-time.After(patience):
		t.Error("Close does not unblock Recv")
	}
	if err := a.Send(t.Context(), bench.Message{Payload: []byte("x")}); !errors.Is(err, bench.ErrClosed) {
		t.Errorf("Send after Close: %v, want %v", err, bench.ErrClosed)
	}
	if _, err := a.Recv(t.Context()); !errors.Is(err, bench.ErrClosed) {
		t.Errorf("Recv after Close: %v, want %v", err, bench.ErrClosed)
	}
	a.Facts() // still there
	nothing(t, b)
}

func (s *suite) sameIdentity(t *testing.T) {
	room := s.room()
	first := s.join(t, room, "twin")
	other := s.join(t, room, "other")
	second := s.join(t, room, "twin")
	endsWith(t, first, bench.ErrEnded)
	send(t, other, bench.Message{Payload: []byte("who is there?")})
	if p := recv(t, second); string(p.Payload) != "who is there?" {
		t.Errorf("got %q", p.Payload)
	}
}

func (s *suite) roomEnds(t *testing.T) {
	room := s.room()
	a := s.join(t, room, "a")
	s.End(t, room)
	endsWith(t, a, bench.ErrEnded)
	if err := a.Send(t.Context(), bench.Message{Payload: []byte("x")}); !errors.Is(err, bench.ErrEnded) {
		t.Errorf("Send after the room's end: %v, want %v", err, bench.ErrEnded)
	}
}

func endsWith(t *testing.T, s bench.Session, want error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := s.Recv(ctx); !errors.Is(err, want) {
		t.Errorf("Recv: %v, want %v", err, want)
	}
}
