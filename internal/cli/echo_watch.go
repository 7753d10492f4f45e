package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/redact"
	"rtcbench/internal/report"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

// watches reports whether rooms of a prefix are to be served, and not one room. The stronger source wins.
func (cmd *echoCmd) watches(c *settings.Check) bool {
	c.Given(map[string]string{"room-prefix": cmd.RoomPrefix})
	if cmd.RoomPrefix == "" || cmd.Room != "" && c.Rank("room") > c.Rank("room-prefix") {
		return false
	}
	prefix := c.Name("room-prefix")
	switch {
	case c.Err != nil:
	case cmd.wanted(c):
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
	most := cmd.mostRooms(c, manyRooms)
	cmd.Room = "" // of a weaker source
	place, _, hasServer := cmd.place(c)
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
	name, server, key := bench.NewIdentity(bench.Answerer), redact.URL(place.URL), livekit.Key{Key: place.Key,
		Secret: place.Secret}
	say := func(format string, args ...any) { fmt.Fprintf(report.Plain{Writer: a.stderr}, format+"\n", args...) }
	say("echo watches for rooms %q at %s, at most %d", prefix+"*", server, most)
	err := echo.Watch{
		Rooms: func(ctx context.Context) ([]string, error) { return key.Rooms(ctx, place.URL, prefix) },
		Waits: func(ctx context.Context, room string) (bool, error) {
			who, err := key.Participants(ctx, place.URL, room)
			return echo.Waits(who, name), err
		},
		Join: func(ctx context.Context, room string) (bench.Session, error) {
			in := place
			in.Room = room
			joining, cancel := context.WithTimeout(ctx, within)
			defer cancel()
			return seat(livekit.NewMeeting(in, echoTokenLife), name)(joining)
		},
		Alone: func(s bench.Session) bool { return !slices.ContainsFunc(echo.Present(s), echo.IsNoEcho) },
		Most:  most, Clock: clock, Within: within,
		Came:  func(room string) { say("echo ready in room %s", room) },
		Left:  func(room string, why error) { say("echo left room %s: %v", room, why) },
		Fault: func(err error) { say("rtcbench: %v", err) },
	}.Run(a.ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w (--connect-timeout %v)", err, within)
	}
	if err != nil {
		return err
	}
	code, _ := signals.ExitCode(a.ctx)
	return exitError{code, silent{}}
}
