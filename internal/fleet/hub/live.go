package hub

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/internal/fleet"
	"rtcbench/internal/live"
)

// Bounds of the pings that wait to be shown. Further pings are dropped.
const (
	liveMessages = 4096
	liveBytes    = 8 << 20
)

// Live calls on with the pings that runners report, until ctx ends. Runners report pings only while somebody watches.
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
		p.Place, p.Location = name, member.Location // NATS has checked the subject, not the message
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
