package hub

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"rtcbench/internal/fleet"
)

// TokenOrder is the request for a join token.
type TokenOrder struct {
	Uses    int           `json:"uses"`
	Life    time.Duration `json:"life_ns"`
	Replace bool          `json:"replace"`
}

// TokenMade is the answer to a TokenOrder. The token is shown here and never again.
type TokenMade struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// MaxUses and MaxLife are the most uses and the longest life of a token.
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

// State is what the hub knows of a place now.
type State struct {
	fleet.Member
	Heard  *Heard `json:"heard,omitempty"`
	Silent bool   `json:"silent"` // the place's hello is overdue
}

// Overview is the state of the fleet at one moment.
type Overview struct {
	Now     time.Time `json:"now"`
	Started time.Time `json:"started"` // start of the hub: it has heard no place before
	Version string    `json:"version"`
	Places  []State   `json:"places"`

	Away []StoreAway `json:"stores_away,omitempty"`
}

// Overview is the state of all places, by name.
func (h *Hub) Overview() Overview {
	now := time.Now().UTC()
	plan, _ := h.current()
	o := Overview{Now: now, Started: h.started.UTC(), Version: h.options.Version, Places: []State{},
		Away: h.away.now()}
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

// revoke removes a place from the fleet: its key is not valid any more.
func (h *Hub) revoke(w http.ResponseWriter, r *http.Request) {
	m, err := h.book.change(r.PathValue("name"), func(m *fleet.Member) error {
		if m.Revoked.IsZero() {
			m.Revoked = time.Now().UTC()
		}
		return nil
	})
	if err == nil {
		h.presence.forget(m.Name)
		err = h.throwOut()
	}
	h.changed(w, m, err, "revoked")
}

// pause stops a place from measuring, or lets it go on.
func (h *Hub) pause(w http.ResponseWriter, r *http.Request) {
	var how struct {
		Paused bool `json:"paused"`
	}
	if !read(w, r, &how) {
		return
	}
	m, err := h.book.change(r.PathValue("name"), func(m *fleet.Member) error {
		if !m.Revoked.IsZero() {
			return fmt.Errorf("%w: %s", ErrRevoked, m.Name)
		}
		m.Paused = how.Paused
		return nil
	})
	what := "resumed"
	if how.Paused {
		what = "paused"
	}
	h.changed(w, m, err, what)
}

func (h *Hub) changed(w http.ResponseWriter, m fleet.Member, err error, what string) {
	switch {
	case errors.Is(err, ErrNoMember):
		refuse(w, http.StatusNotFound, err)
	case errors.Is(err, ErrRevoked):
		refuse(w, http.StatusConflict, err)
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
