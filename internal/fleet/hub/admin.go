package hub

import (
	"errors"
	"net/http"
	"time"

	"rtcbench/internal/fleet"
)

// TokenOrder asks for a token.
type TokenOrder struct {
	Uses    int           `json:"uses"`
	Life    time.Duration `json:"life_ns"`
	Replace bool          `json:"replace"`
}

// TokenMade is the answer: the only time that the token is shown.
type TokenMade struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// The most that a token can be good for.
const (
	MaxUses = 100_000
	MaxLife = 366 * 24 * time.Hour
)

func (h *Hub) makeToken(w http.ResponseWriter, r *http.Request) {
	var o TokenOrder
	if !read(w, r, &o) {
		return
	}
	if o.Uses < 1 || o.Uses > MaxUses || o.Life < time.Second || o.Life > MaxLife {
		refuse(w, http.StatusBadRequest, errors.New("a token is for 1 to 100000 runners, and for a second to 366 days"))
		return
	}
	secret, t, err := h.book.newToken(o.Uses, o.Life, o.Replace)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	answer(w, TokenMade{secret, t.Expires})
}

// State is a place as the hub knows it now.
type State struct {
	fleet.Member
	Heard  *Heard `json:"heard,omitempty"`
	Silent bool   `json:"silent"` // it should have said hello
}

// Overview is the fleet at one moment.
type Overview struct {
	Now     time.Time `json:"now"`
	Started time.Time `json:"started"` // of the hub: before that, nobody was heard
	Version string    `json:"version"`
	Places  []State   `json:"places"`
}

// Overview is all that is known of the places, by name.
func (h *Hub) Overview() Overview {
	now := time.Now().UTC()
	plan, _ := h.current()
	o := Overview{Now: now, Started: h.started.UTC(), Version: h.options.Version, Places: []State{}}
	for _, m := range h.book.all() {
		s := State{Member: m}
		since, silent := h.started, fleet.SilentAfter
		if heard, ok := h.presence.of(m.Name); ok {
			s.Heard, since, silent = &heard, heard.At, heard.Hello.SilentAfter(plan.Every)
		}
		s.Silent = m.Revoked.IsZero() && now.Sub(since) > silent
		o.Places = append(o.Places, s)
	}
	return o
}

func (h *Hub) members(w http.ResponseWriter, _ *http.Request) { answer(w, h.Overview()) }

// revoke throws a place out.
func (h *Hub) revoke(w http.ResponseWriter, r *http.Request) {
	m, err := h.book.change(r.PathValue("name"), func(m *fleet.Member) {
		if m.Revoked.IsZero() {
			m.Revoked = time.Now().UTC()
		}
	})
	if err == nil {
		h.presence.forget(m.Name)
		err = h.throwOut()
	}
	h.changed(w, m, err, "revoked")
}

// pause lets a place measure nothing until it is told otherwise.
func (h *Hub) pause(w http.ResponseWriter, r *http.Request) {
	var how struct {
		Paused bool `json:"paused"`
	}
	if !read(w, r, &how) {
		return
	}
	m, err := h.book.change(r.PathValue("name"), func(m *fleet.Member) { m.Paused = how.Paused })
	h.changed(w, m, err, "paused")
}

func (h *Hub) changed(w http.ResponseWriter, m fleet.Member, err error, what string) {
	switch {
	case errors.Is(err, ErrNoMember):
		refuse(w, http.StatusNotFound, err)
	case err != nil:
		refuse(w, http.StatusInternalServerError, err)
	default:
		h.options.Log.Info(what, "name", m.Name)
		h.reorder()
		select {
		case h.untidy <- struct{}{}:
		default:
		}
		answer(w, m)
	}
}
