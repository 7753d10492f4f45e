package cli

import (
	"cmp"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/echo"
	"rtcbench/internal/lab/stage"
	"rtcbench/internal/lab/witness"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/settings"
)

type echoCmd struct {
	flags.LivekitGroup
	Platform string `from:"RTCBENCH_PLATFORM" group:"where" enum:"${platforms},both" default:"${platform}" placeholder:"${platform}" help:"Platform to answer on: livekit, daily, or, as a service, both."`
	// The flags of Daily, with the names that they have in this command: where to answer, and how rooms are made.
	Daily kong.Plugins `embed:""`
	flags.ChromeGroup
	RoomPrefix     string `name:"room-prefix" from:"RTCBENCH_ROOM_PREFIX" group:"where" placeholder:"PREFIX" help:"Answer in every LiveKit room whose name begins so, while a runner is there."`
	ConnectTimeout string `from:"RTCBENCH_CONNECT_TIMEOUT" group:"where" default:"30s" placeholder:"30s" help:"How long joining the room may take; by default 60s in a browser."`
	flags.WitnessGroup
	serviceFlags
}

// Help is shown by --help below the flags' summary.
func (echoCmd) Help() string {
	return `It sits in one room and answers every ping, also those of the original tool, each to its sender only. ` +
		`When the server goes away it waits for its return.

With --listen it is a service: a runner asks for a room over HTTP (rtcbench livekit --agent-url URL, or the ` +
		`original's --agent-url), gets one of its own with an echo in it, and the room ends with the last runner.

Examples:

  rtcbench echo -s wss://my.livekit.cloud --api-key KEY --api-secret SECRET --room bench
      then, from elsewhere: rtcbench livekit --echo remote --room bench …

  rtcbench echo -s wss://my.livekit.cloud -t TOKEN
      in the room of a token that you made

  rtcbench echo -s wss://my.livekit.cloud --api-key KEY --api-secret SECRET --room-prefix bench-
      in every room of such a name that somebody joins: rtcbench livekit --echo remote --room bench-7 …

  rtcbench echo --listen 127.0.0.1:8001 -s wss://my.livekit.cloud --api-key KEY --api-secret SECRET
      then, on this machine: rtcbench livekit --agent-url http://127.0.0.1:8001

  rtcbench echo --listen :8001 --auth-token TOKEN --platform both --livekit-url … --daily-api-key KEY
      from elsewhere, with the token: rtcbench both --agent-url https://… --agent-token TOKEN`
}

// Run answers pings until it is told to stop. The exit code is then that of the signal.
func (cmd *echoCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	within := (&flags.PlanGroup{ConnectTimeout: cmd.ConnectTimeout}).Within(&c, cmd.Platform != livekit.Platform.Name)
	watches := cmd.watches(&c)
	switch {
	case c.Err != nil:
		return c.Err
	case cmd.Wanted(&c):
		return cmd.serve(a, &c, within)
	case cmd.Platform == "both":
		return usagef("--platform both: that is for the service; give --listen, or one platform")
	case cmd.Platform == daily.Platform.Name:
		return cmd.onDaily(a, &c, within)
	}
	clock, err := cmd.Clock(stage.Clock(ours.Get), a.stderr)
	if err != nil {
		return err
	}
	if watches {
		return cmd.watch(a, &c, within, clock)
	}
	place, doubts, hasServer := cmd.Place(&c, bench.Answerer, "")
	if c.Err == nil && !hasServer {
		c.Err = usagef("--server-url (or LIVEKIT_URL) is missing: an echo needs a server to meet at")
	}
	if c.Err != nil {
		return c.Err
	}
	ready := "room of the token"
	if place.Token == "" {
		place.Room = cmp.Or(place.Room, bench.NewIdentity("room"))
		ready = "room " + place.Room
	}
	for _, doubt := range doubts {
		fmt.Fprintf(a.stderr, "rtcbench: %s\n", doubt)
	}
	pings, err := witness.Create(cmd.LogPings)
	if err != nil {
		return fmt.Errorf("--log-pings: %w", err)
	}
	defer pings.Close()
	join := measure.Answering(livekit.Platform, place, bench.NewIdentity(bench.Answerer))
	err = echo.Serve(a.ctx, echo.Seat{
		Join: pings.Beside(join), Clock: clock, Within: within,
		Ready: func(bench.Session) { fmt.Fprintf(a.stderr, "echo ready in %s\n", ready) },
		Lost: func(err error) {
			fmt.Fprintf(a.stderr, "echo lost its seat, trying again: %v\n", hints.OfOneEngine(err))
		},
	})
	if err != nil {
		return hints.OfOneEngine(err)
	}
	return a.bySignal()
}

// silent is an error with no text of its own: its exit code says all.
type silent struct{}

func (silent) Error() string { return "" }

// onDaily answers in a Daily room, in a browser of this process's own.
func (cmd *echoCmd) onDaily(a *app, c *settings.Check, within time.Duration) error {
	of := flags.DailyGroup{Flags: daily.Flags{RoomURL: cmd.daily.RoomURL, BundleURL: cmd.daily.BundleURL}}
	// LIVEKIT_TOKEN is not for Daily
	if of.Token = c.Variable("RTCBENCH_DAILY_TOKEN"); c.Rank("token") == settings.ByFlag {
		of.Token = cmd.Token
	}
	if of.RoomURL == "" && c.Err == nil {
		c.Err = usagef("--room-url (or DAILY_ROOM_URL) is missing: an echo needs a room to meet in")
	}
	place := of.Named(c, "")
	if c.Err != nil {
		return c.Err
	}
	if silent := daily.Refuses(place.Token, bench.RTPAudio); silent != "" {
		fmt.Fprintf(a.stderr, "rtcbench: the token looks wrong: %s, so that audio pings get no answer\n", silent)
	}
	cmd.SayAloud(a.stderr, ours)
	room := daily.NewMeeting(place, 0)
	options := cmd.Options(ours, measure.Reach(daily.Platform, place))
	err := measure.SitOn(a.ctx, options, daily.Platform, room, within, func() {
		fmt.Fprintf(a.stderr, "echo ready in room %s\n", room.URL())
	}, func(err error) {
		fmt.Fprintf(a.stderr, "echo lost its seat, trying again: %v\n", hints.OfOneEngine(err))
	})
	if err != nil {
		return hints.OfOneEngine(err)
	}
	return a.bySignal()
}
