package hub

import (
	"encoding/json"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/internal/fleet"
)

// asked answers a runner. NATS has checked that the name in the subject is the asker's; the book knows whether the
// place still belongs to the fleet.
func (h *Hub) asked(m *nats.Msg) {
	received := time.Now()
	name, what, err := fleet.AskerOf(m.Subject)
	if err != nil || !fleet.OwnInbox(name, m.Reply) {
		return
	}
	member, ok := h.book.member(name)
	if !ok || !member.Revoked.IsZero() {
		return
	}
	switch what {
	case fleet.Hellos:
		h.hello(member, m, received)
	case fleet.Rans:
		reply(m, struct{}{})
	case fleet.Plans:
		_, signed := h.current()
		reply(m, signed)
	case fleet.Seats:
		var want fleet.SeatsWanted
		if json.Unmarshal(m.Data, &want) == nil {
			h.work.Go(func() { h.leaseTo(member, m, want, received) })
		}
	}
}

// desk is a queue in which places wait for seats.
type desk struct {
	served  chan struct{} // has an entry for each request that is being answered; its capacity is the limit
	waiting atomic.Int64
}

// At a crowded desk, a place without seats first gets the seats of its next hour. It then waits again for the rest of
// the day. So the places of a large fleet can all go on soon after a new plan.
const (
	crowded   = 20 // places that wait
	firstLeap = time.Hour
)

// leaseTo answers with seats. Making seats of many slots takes a while, so hellos are answered elsewhere.
func (h *Hub) leaseTo(member fleet.Member, m *nats.Msg, want fleet.SeatsWanted, received time.Time) {
	if got, inTime := h.leaseInTurn(member.Place, want, received); inTime {
		reply(m, got)
	}
}

// leaseInTurn waits at a desk and then calls lease. inTime is false if the place does not wait for the answer any more.
func (h *Hub) leaseInTurn(place fleet.Place, want fleet.SeatsWanted, received time.Time) (got fleet.SeatsLeased,
	inTime bool) {
	at := &h.leasing
	h.issued.mu.Lock()
	every := h.issued.plan.Every
	for _, j := range h.issued.plan.For(place) {
		if h.issued.orders[j.Name].hosted() {
			at = &h.hosting // places without hosted rooms do not wait for a platform
		}
	}
	h.issued.mu.Unlock()
	at.waiting.Add(1)
	at.served <- struct{}{}
	defer func() { <-at.served }()
	others, now := at.waiting.Add(-1), time.Now()
	if now.Sub(received) > fleet.AskTimeout-answerTime {
		return got, false
	}
	if others >= crowded && want.Slots == 0 && every > 0 && !want.From.After(now) {
		want.Slots = max(1, int(firstLeap/every))
	}
	return h.lease(h.living, place, want, now), true
}

// answerTime is how much of AskTimeout has to be left for an answer to be made and to arrive.
const answerTime = time.Second

// noted notes the state that a runner reports. Every hub hears the report, whichever hub answers.
func (h *Hub) noted(m *nats.Msg) {
	received := time.Now()
	name, _, err := fleet.AskerOf(m.Subject)
	if err != nil {
		return
	}
	if member, ok := h.book.member(name); ok && member.Revoked.IsZero() {
		said, ok := helloOf(m)
		if !ok {
			return
		}
		before, _ := h.presence.of(name)
		if err := unlike(said); err != nil && said.Contract != before.Hello.Contract {
			h.options.Log.Error("a place is not understood", "name", name, "version", said.Version, "error", err)
		}
		h.presence.note(name, Heard{received.UTC(), said})
	}
}

// helloOf reads a hello. If the runner's contract is not understood, only its contract and its version are read.
func helloOf(m *nats.Msg) (said fleet.Hello, ok bool) {
	var who struct {
		fleet.Contract
		Version string `json:"version"`
	}
	if json.Unmarshal(m.Data, &who) != nil {
		return said, false
	}
	said = fleet.Hello{Contract: who.Contract, Version: short(who.Version)}
	if err := unlike(said); err != nil {
		said.Error = err.Error()
		return said, true
	}
	if json.Unmarshal(m.Data, &said) != nil {
		return said, false
	}
	said.Error, said.Version, said.Verdict = short(said.Error), short(said.Version), short(said.Verdict)
	return said, true
}

// unlike is an error if the runner and this hub have no version of the contract in common.
func unlike(said fleet.Hello) error { return said.Contract.Check("the runner", "this hub") }

// hello answers the hello of a runner.
func (h *Hub) hello(member fleet.Member, m *nats.Msg, received time.Time) {
	said, ok := helloOf(m)
	if !ok {
		return
	}
	heard := fleet.Heard{Contract: fleet.Ours, Version: h.options.Version, Received: received}
	if err := unlike(said); err != nil {
		heard.Refused = err.Error()
	} else {
		plan, _ := h.current()
		heard.Paused, heard.Serial = member.Paused, plan.Serial
	}
	heard.Answered = time.Now()
	reply(m, heard)
}

// short cuts a text of a runner, which the hub would otherwise keep in memory at any length.
func short(text string) string {
	const most = 500
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

func reply(m *nats.Msg, v any) {
	if data, err := json.Marshal(v); err == nil {
		m.Respond(data)
	}
}
