package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/redact"
	"rtcbench/internal/report"
	"rtcbench/internal/settings"
)

// watches reports whether the echo is to serve all rooms with a prefix, and not one room. The setting from the stronger
// source wins.
func (cmd *echoCmd) watches(c *settings.Check) bool {
	c.Given(map[string]string{"room-prefix": cmd.RoomPrefix})
	if cmd.RoomPrefix == "" || cmd.Room != "" && c.Rank("room") > c.Rank("room-prefix") {
		return false
	}
	prefix := c.Name("room-prefix")
	switch {
	case c.Err != nil:
	case cmd.Wanted(c):
		c.Err = usagef("%s serves rooms that others make, and --listen makes them; give one of the two", prefix)
	case cmd.Platform != livekit.Platform.Name:
		c.Err = usagef("%s is for LiveKit: Daily does not say who is in its rooms; give --room-url, or --listen",
			prefix)
	case cmd.Room != "" && c.Rank("room") == c.Rank("room-prefix"):
		c.Err = usagef("%s and %s both say where to answer; give one of the two", prefix, c.Name("room"))
	}
	return true
}

// watch answers in each room whose name begins with the prefix, as long as a runner is in it.
func (cmd *echoCmd) watch(a *app, c *settings.Check, within time.Duration, clock bench.Clock) error {
	prefix := c.Label("room-prefix", cmd.RoomPrefix, 256)
	most := cmd.MostRooms(c, manyRooms)
	cmd.Room = "" // of a weaker source
	place, _, hasServer := cmd.Place(c, bench.Answerer, "")
	switch {
	case c.Err != nil:
	case !hasServer:
		c.Err = usagef("--server-url (or LIVEKIT_URL) is missing: an echo needs a server to meet at")
	case place.Token != "":
		c.Err = usagef("%s: %s is of one room; give --api-key and --api-secret without it",
			c.Name("room-prefix"), c.Name("token"))
	}
	if c.Err != nil {
		return c.Err
	}
	say := func(format string, args ...any) { fmt.Fprintf(report.Plain{Writer: a.stderr}, format+"\n", args...) }
	say("echo watches for rooms %q at %s, at most %d", prefix+"*", redact.URL(place.URL), most)
	w := measure.Watch(livekit.Platform, place, prefix, within)
	w.Most, w.Clock = most, clock
	w.Came = func(room string) { say("echo ready in room %s", room) }
	w.Left = func(room string, why error) { say("echo left room %s: %v", room, hints.OfOneEngine(why)) }
	w.Fault = func(err error) { say("rtcbench: %v", hints.OfOneEngine(err)) }
	err := w.Run(a.ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w (--connect-timeout %v)", err, within)
	}
	if err != nil {
		return err
	}
	return a.bySignal()
}
