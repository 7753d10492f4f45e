package standin

import (
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// refusal says why nobody may enter with token; "" = they may.
func (s *Server) refusal(name, token string) string {
	r := s.rooms[name]
	switch {
	case s.fate.Reject != "":
		return s.fate.Reject
	case r == nil:
		return "no-room"
	case time.Now().Before(r.nbf):
		return "nbf-room"
	case !r.exp.IsZero() && time.Now().After(r.exp):
		return "exp-room"
	case token != "" && s.tokens[token].room != name, r.private && token == "":
		return "not-allowed"
	case token != "" && s.tokens[token].expired():
		return "exp-token"
	case time.Now().Before(s.tokens[token].nbf):
		return "nbf-token"
	}
	return ""
}

// token is a right to join one room.
type token struct {
	room  string
	nbf   time.Time
	exp   time.Time
	eject bool // puts out, at exp, whoever came with the token
}

func (t token) expired() bool { return !t.exp.IsZero() && time.Now().After(t.exp) }

// ejectAt puts me out when the room or the token ends, if the room or the token says so. stop cancels that.
func (s *Server) ejectAt(name, with string, me *seat) (stop func()) {
	s.mu.Lock()
	r, t := s.rooms[name], s.tokens[with]
	s.mu.Unlock()
	var timers []*time.Timer
	at := func(exp time.Time, kind string) {
		timers = append(timers, time.AfterFunc(time.Until(exp), func() {
			me.write(map[string]string{"type": "error", "error": kind, "text": refusals[kind]})
		}))
	}
	if r != nil && r.eject && !r.exp.IsZero() {
		at(r.exp, "exp-room")
	}
	if t.eject && !t.exp.IsZero() {
		at(t.exp, "exp-token")
	}
	return func() {
		for _, t := range timers {
			t.Stop()
		}
	}
}

type other struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Audio bool   `json:"audio"` // it sends some
}

// enter gives me a seat, and lists who is there. refusal says why there is no seat; "" = there is one.
func (s *Server) enter(name, token string, me *seat) (list []other, refusal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind := s.refusal(name, token); kind != "" {
		return nil, kind
	}
	list = []other{}
	for _, p := range s.rooms[name].people {
		list = append(list, other{p.id, p.name, p.producer != nil})
	}
	s.rooms[name].people[me.id] = me
	return list, ""
}

// leave takes me out of a room; false = me is not there any more.
func (s *Server) leave(name string, me *seat) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rooms[name]; r != nil && r.people[me.id] == me {
		delete(r.people, me.id)
		return true
	}
	return false
}

func (s *Server) tell(name string, me *seat, v any) {
	for _, p := range s.people(name) {
		if p != me {
			p.write(v)
		}
	}
}

// relay puts a message into the queues of its addressees, with the delay that Fate sets.
func (s *Server) relay(name string, from *seat, to any, data json.RawMessage) {
	arrived := time.Now()
	fate := s.fateNow()
	if fate.Silent || utf8.RuneCount(data) > maxMessage { // Daily would tell the sender, which has not asked for that
		return
	}
	var about struct{ Seq int }
	json.Unmarshal(data, &about) // another message has no number
	delay := fate.Delay
	if fate.Odd && about.Seq%2 == 0 {
		delay = 0
	}
	if fate.Late > 0 && !strings.Contains(string(data), `"seq":0`) {
		delay += fate.Late
	}
	for _, p := range s.people(name) {
		if p == from || !addressed(to, p.id) {
			continue
		}
		select {
		case p.queue <- parcel{from.id, data, arrived, arrived.Add(delay)}:
		default: // the guest reads nothing; a real socket would be cut
		}
	}
}

// addressed reports whether to names id: to is "*", an id or a list of ids.
func addressed(to any, id string) bool {
	switch to := to.(type) {
	case string:
		return to == "*" || to == id
	case []any:
		return slices.Contains(to, any(id))
	}
	return to == nil
}

// carry delivers the messages in me's queue, one after the other, each when it is due, as a connection would.
func (s *Server) carry(me *seat, gone <-chan struct{}) {
	for {
		select {
		case <-gone:
			return
		case p := <-me.queue:
			if wait := time.Until(p.due); wait > 0 {
				timer := time.NewTimer(wait)
				select {
				case <-timer.C:
				case <-gone:
					timer.Stop()
					return
				}
			}
			me.write(map[string]any{"type": "app-msg", "data": p.data, "from": p.from})
			took := time.Since(p.arrived) // this includes our own writing, which is no part of the instrument
			s.mu.Lock()
			s.delays = append(s.delays, Delay{p.from, me.id, string(p.data), took})
			s.mu.Unlock()
		}
	}
}

func uuid() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Refusal says why nobody may enter a room with token; "" = they may.
func (s *Server) Refusal(room, token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal(room, token)
}
