package hub

import (
	"errors"
	"net/http"

	"rtcbench/internal/fleet"
)

// Applied is the answer to a request to apply a plan.
type Applied struct {
	Serial  uint64 `json:"serial"`
	Before  uint64 `json:"before"` // serial of the plan before; equal to Serial = nothing changed
	Jobs    int    `json:"jobs"`
	Config  string `json:"config,omitempty"` // file that the hub itself reads, at its start and at SIGHUP
	Connect int    `json:"connected"`        // places that were heard lately: they are told at once
}

// checkPlan answers with the forecast of a plan.
func (h *Hub) checkPlan(w http.ResponseWriter, r *http.Request) {
	o, ok := h.ordersOf(w, r)
	if !ok {
		return
	}
	places := []fleet.Place{}
	for _, m := range h.book.all() {
		if m.Revoked.IsZero() && !m.Paused {
			places = append(places, m.Place)
		}
	}
	f := ForecastOf(o, places)
	h.issued.mu.Lock()
	defer h.issued.mu.Unlock()
	_, _, digest, err := o.plan(h.book.all())
	f.Serial, f.Same = h.issued.plan.Serial, err == nil && digest == h.issued.file.Digest
	answer(w, f)
}

// applyPlan makes a plan the plan of the fleet.
func (h *Hub) applyPlan(w http.ResponseWriter, r *http.Request) {
	o, ok := h.ordersOf(w, r)
	if !ok {
		return
	}
	before, _ := h.current()
	p, err := h.Order(o)
	if err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	a := Applied{Serial: p.Serial, Before: before.Serial, Jobs: len(p.Jobs), Config: h.options.Config}
	for _, s := range h.Overview().Places {
		if s.Heard != nil && !s.Silent && s.Revoked.IsZero() {
			a.Connect++
		}
	}
	answer(w, a)
}

// ordersOf reads the plan in a request. If the plan is wrong, it answers with the error and its line, and ok is false.
func (h *Hub) ordersOf(w http.ResponseWriter, r *http.Request) (o Orders, ok bool) {
	var s Source
	if !read(w, r, &s) {
		return o, false
	}
	if h.options.Read == nil {
		refuse(w, http.StatusNotImplemented, errors.New("this hub reads no plans"))
		return o, false
	}
	o, err := h.options.Read(s)
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, err)
		return o, false
	}
	return o, true
}
