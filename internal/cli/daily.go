package cli

import (
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/settings"
)

type dailyCmd struct {
	flags.DailyGroup
	flags.ServiceGroup
	Timeout string `short:"t" from:"TIMEOUT_MS" group:"what" default:"5000" placeholder:"5000" help:"Milliseconds after which a pong is too late."`
	flags.PlanGroup
	flags.ChannelGroup
	flags.MediaGroup
	Echo string `from:"RTCBENCH_ECHO" group:"where" enum:"auto,local,remote" default:"auto" placeholder:"auto" help:"Who answers: local (a second page of this browser), remote, or auto: local in a room of our own making."`
	flags.ChromeGroup

	keepFlags
}

// Help is shown by --help below the flags' summary.
func (dailyCmd) Help() string {
	return `Daily's own JavaScript SDK joins the room in a Chromium without a window, and sends app-messages, which ` +
		`Daily carries on its signalling WebSocket, or, with --channel audio, packets of an audio track that sounds ` +
		`like silence. Video is off.

Examples:

  rtcbench daily --api-key KEY --geo eu-central-1
      a room for this run, from here to Daily and back; removed at the end

  rtcbench daily --channel audio --api-key KEY
      what the packets of a voice meet: pings in an audio track, one every 20 ms

  rtcbench daily -r https://my.daily.co/bench -n 600 -o result.json
      to whoever answers in that room

  rtcbench daily --agent-url https://echo.example.com --agent-token TOKEN
      to an echo far away, in a room that its service makes for this run

  rtcbench daily -r https://my.daily.co/bench --echo local
      answer from a second seat in that room, which is public`
}

// Run measures.
func (cmd *dailyCmd) Run(a *app) error { return a.measure(cmd) }

// chrome implements measuring.
func (cmd *dailyCmd) chrome() flags.ChromeGroup { return cmd.ChromeGroup }

// sides implements measuring.
func (cmd *dailyCmd) sides(c *settings.Check) []side {
	plan := cmd.Plan(c, cmd.Timeout)
	cmd.CarriedBy(c, &plan, cmd.Known(c, daily.Platform), bench.Browser)
	cmd.Heard(c, &plan, bench.Browser)
	most := daily.Platform.MaxMessage
	if plan.PayloadBytes > most {
		c.Fail("payload", cmd.Payload, fmt.Sprintf("at most %d: Daily takes no longer app-message", most))
	}
	s := cmd.side(c, plan.Class)
	s.job.Plan, s.job.Within, s.job.Location = plan, cmd.Within(c, true), cmd.Location
	return []side{s}
}

// side reads from the flags where to meet.
func (cmd *dailyCmd) side(c *settings.Check, class bench.TransportClass) (s side) {
	f := cmd.DailyGroup
	s.job = measure.Job{Platform: daily.Platform.Name, Engine: bench.Browser}
	s.doubts = f.Doubts()
	f.Check(c)
	c.Given(map[string]string{"room-url": f.RoomURL, "token": f.Token, "api-key": f.APIKey})
	s.asks(c, cmd.ServiceGroup, map[string]string{"room-url": f.RoomURL, "api-key": f.APIKey})
	if s.job.Service.Named() {
		s.job.Place = bench.Place{Bundle: f.BundleURL, API: f.APIURL}
		if cmd.Echo == "local" && c.Err == nil {
			c.Err = usagef("%s local: the echo service answers; leave out --echo, or %s", c.Name("echo"),
				c.Name("agent-url"))
		}
		return s
	}
	s.noEcho = " (is an echo in that room? --echo local answers from here)"
	s.job.Place, s.job.Local = f.Place(c, class, cmd.Echo)
	return s
}
