package hub

import (
	"encoding/json"
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
	}
}

// hello notes how a runner is.
func (h *Hub) hello(member fleet.Member, m *nats.Msg, received time.Time) {
	var said fleet.Hello
	if json.Unmarshal(m.Data, &said) != nil || !fleet.Speaks(said.Protocol) {
		return
	}
	said.Error, said.Version, said.Verdict = short(said.Error), short(said.Version), short(said.Verdict)
	h.presence.note(member.Name, Heard{received.UTC(), said})
	reply(m, fleet.Heard{Received: received, Answered: time.Now(), Paused: member.Paused})
}

// short bounds what a runner can make the hub remember.
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
