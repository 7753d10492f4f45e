package hub

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/internal/fleet"
	"rtcbench/internal/live"
)

// What waits to be shown, at the most: the rest is dropped.
const (
	liveMessages = 4096
	liveBytes    = 8 << 20
)

// Live calls on with what runners tell of their pings, until ctx ends. Runners tell while somebody
// listens, and else send nothing.
func (h *Hub) Live(ctx context.Context, on func(live.Pings)) error {
	sub, err := h.nc.Subscribe(fleet.LiveSubject, func(m *nats.Msg) {
		name, err := fleet.WatcherOf(m.Subject)
		if err != nil {
			return
		}
		member, ok := h.book.member(name)
		p, fits := live.Read(m.Data)
		if !ok || !fits || !member.Revoked.IsZero() {
			return
		}
		p.Place, p.Location = name, member.Location // the subject says who it is, and no message
		on(p)
	})
	if err != nil {
		return err
	}
	defer sub.Unsubscribe()
	if err := sub.SetPendingLimits(liveMessages, liveBytes); err != nil {
		return err
	}
	again := time.NewTicker(fleet.WatchedEvery)
	defer again.Stop()
	for {
		if err := h.nc.Publish(fleet.TellAll, []byte(fleet.Watched)); err != nil {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
	}
}
