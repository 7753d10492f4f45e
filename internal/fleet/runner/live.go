package runner

import (
	"time"

	"rtcbench/internal/fleet"
)

// wire sends pings to the hub while somebody watches there. The messages use core NATS: a message that is lost is not
// sent again.
type wire struct{ r *Runner }

// Wanted implements live.Wire.
func (w wire) Wanted() bool { return time.Now().UnixNano() < w.r.watched.Load() && w.r.up() }

// Send implements live.Wire.
func (w wire) Send(message []byte) { w.r.nc.Load().Publish(fleet.LiveSubjectOf(w.r.me.Name), message) }

// Close implements live.Wire.
func (w wire) Close() {}
