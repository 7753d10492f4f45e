// Package loopback is a platform inside the process: rooms whose delay, loss, duplication and
// reordering are chosen. It serves tests, calibration and nothing else; it touches no network.
package loopback

import (
	"context"
	"fmt"
	"sync"
	"time"

	"rtcbench/bench"
)

// Path decides the fate of the n-th message (from 0) that a participant sends: it arrives once
// after each of the delays given. None = lost, two = duplicated. On the reliable channel a message never
// overtakes another of the same sender.
type Path func(n int) []time.Duration

// Constant delays every message by d.
func Constant(d time.Duration) Path { return func(int) []time.Duration { return []time.Duration{d} } }

// Transport is a platform of its own: rooms of two Transports never meet. The zero value
// delivers at once. Its fields must not change while a session is open.
type Transport struct {
	Paths map[string]Path                            // by the sender's identity; missing = at once
	Stall func(identity string, n int) time.Duration // how long the n-th send call blocks; nil = not at all

	mu    sync.Mutex
	rooms map[string]map[string]*session // room, identity
}

var _ bench.Transport = (*Transport)(nil)

// Join takes a seat under opts.Identity; whoever had it before is put out.
func (t *Transport) Join(ctx context.Context, room bench.Room, opts bench.JoinOptions) (bench.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &session{
		transport: t, room: room.Name, identity: opts.Identity, class: opts.Class, patience: opts.ReconnectTimeout,
		inbox: make(chan bench.Packet, 1024), done: make(chan struct{}), joined: time.Now(),
		ordered: map[*session][]bench.Packet{}, last: map[*session]time.Time{},
	}
	t.mu.Lock()
	old := t.rooms[room.Name][opts.Identity]
	if t.rooms == nil {
		t.rooms = map[string]map[string]*session{}
	}
	if t.rooms[room.Name] == nil {
		t.rooms[room.Name] = map[string]*session{}
	}
	t.rooms[room.Name][opts.Identity] = s
	t.mu.Unlock()
	if old != nil {
		old.end(fmt.Errorf("%w: identity %q joined again", bench.ErrEnded, opts.Identity))
	}
	return s, nil
}

// End closes a room: every session in it is over.
func (t *Transport) End(room string) {
	t.mu.Lock()
	sessions := t.rooms[room]
	delete(t.rooms, room)
	t.mu.Unlock()
	for _, s := range sessions {
		s.end(fmt.Errorf("%w: room closed", bench.ErrEnded))
	}
}

// Cut takes a participant's link down; Restore brings it back. A link that stays down for
// JoinOptions.ReconnectTimeout ends the session.
func (t *Transport) Cut(room, identity string) { t.session(room, identity).setDown(true) }

// Restore brings back a link that was cut.
func (t *Transport) Restore(room, identity string) { t.session(room, identity).setDown(false) }

func (t *Transport) session(room, identity string) *session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rooms[room][identity]
}
