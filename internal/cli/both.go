package cli

import (
	"fmt"

	"github.com/alecthomas/kong"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/settings"
)

type bothCmd struct {
	kong.Plugins // the flags of where, below, as they are called here
	daily        flags.DailyGroup
	livekit      flags.LivekitGroup

	flags.PairGroup
	LivekitAgentName string `name:"livekit-agent-name" from:"RTCBENCH_AGENT_NAME" group:"where" placeholder:"NAME" help:"Agent to dispatch as the LiveKit echo, with an API key."`

	Timeout string `short:"t" from:"TIMEOUT_MS" group:"what" default:"5000" placeholder:"5000" help:"Milliseconds after which a pong is too late."`
	flags.PlanGroup
	flags.ChannelGroup
	flags.MediaGroup
	Echo string `from:"RTCBENCH_ECHO" group:"where" enum:"auto,local,remote" default:"auto" placeholder:"auto" help:"Who answers: local, remote, or auto: for each platform, local in a room of our own making."`
	flags.ChromeGroup

	keepFlags
}

// Help is shown by --help below the flags' summary.
func (bothCmd) Help() string {
	return `Both platforms in one Chromium, a page and a process for each seat, at one time and on one grid, half a ` +
		`period apart so that their pings do not collide. What the browser costs, it costs both; where the browser ` +
		`itself ends, both runs end.

Daily carries application messages on a WebSocket, LiveKit on a data channel: the verdict says so, and ` +
		`compares what an application gets. With --channel audio both carry packets of an audio track over UDP: like ` +
		`is compared with like, and that is what a voice gets.

Examples:

  rtcbench both --daily-api-key KEY --livekit-url wss://my.livekit.cloud --livekit-api-key KEY --livekit-api-secret ` +
		`SECRET -n 600
      from here to each and back

  rtcbench both --channel audio --daily-api-key KEY --livekit-url wss://my.livekit.cloud --livekit-api-key KEY ` +
		`--livekit-api-secret SECRET
      which is faster from here, for voice?

  rtcbench both --daily-room https://my.daily.co/bench --livekit-url wss://my.livekit.cloud --livekit-token TOKEN -o ` +
		`both.json
      to the echoes in both rooms

  rtcbench both --daily-agent-url http://localhost:8000 --livekit-agent-url http://localhost:8001
      in rooms that two echo services make, each for its platform; --agent-url names one service for both`
}

// dress gives the flags of the platforms the names that they have in this command.
func (cmd *bothCmd) dress() {
	cmd.Plugins = kong.Plugins{flags.Dressed(&cmd.daily.Flags, "both", ""),
		flags.Dressed(&cmd.livekit.Flags, "both", "")}
}

// bothNames are the names of the flags of rtcbench both, by the names that the flags have in the commands of single
// platforms.
func bothNames(platform string) map[string]string {
	if platform == daily.Platform.Name {
		return flags.DressNames(daily.Flags{}, "both")
	}
	names := flags.DressNames(livekit.Flags{}, "both")
	names["agent-name"] = "livekit-agent-name"
	return names
}

// Run measures both platforms. One that fails does not keep the other from being measured.
func (cmd *bothCmd) Run(a *app) error { return a.measure(cmd) }

// chrome implements measuring.
func (cmd *bothCmd) chrome() flags.ChromeGroup { return cmd.ChromeGroup }

// sides implements measuring. The pings of the first platform leave half a period after those of the second, so that
// they do not collide.
func (cmd *bothCmd) sides(c *settings.Check) []side {
	of := c.Sources
	dailyNames, livekitNames := bothNames(daily.Platform.Name), bothNames(livekit.Platform.Name)
	dailyAgent := cmd.Of(of, daily.Platform.Name, dailyNames)
	livekitAgent := cmd.Of(of, livekit.Platform.Name, livekitNames)
	d := dailyCmd{Echo: cmd.Echo, ServiceGroup: dailyAgent, DailyGroup: cmd.daily}
	l := livekitCmd{Echo: cmd.Echo, ServiceGroup: livekitAgent, AgentName: cmd.LivekitAgentName, Timeout: cmd.Timeout,
		PlanGroup: cmd.PlanGroup,
		Channel:   cmd.Known(c, daily.Platform), Engine: bench.Browser, LivekitGroup: cmd.livekit,
		MediaGroup: cmd.MediaGroup}
	first := settings.Check{Sources: of.Renamed(dailyNames), Err: c.Err}
	room := d.side(&first, bench.ClassOf(l.Channel))
	second := settings.Check{Sources: of.Renamed(livekitNames), Err: first.Err}
	sides := append([]side{room}, l.sides(&second)...)
	c.Err = second.Err
	if c.Err == nil && cmd.AgentToken != "" && of.Rank("agent-token") == settings.ByFlag && cmd.AgentURL == "" {
		c.Err = usagef("--agent-token needs --agent-url: which service is it for?")
	}
	most := daily.Platform.MaxMessage
	plan := sides[1].job.Plan
	if c.Err == nil && plan.PayloadBytes > most {
		c.Err = of.Bad("payload", cmd.Payload, fmt.Sprintf("at most %d: Daily takes no longer app-message", most))
	}
	plan.Aligned = true
	for i := range sides {
		sides[i].job.Plan, sides[i].job.Within, sides[i].job.Location = plan, sides[1].job.Within, cmd.Location
	}
	sides[0].job.Plan.Phase = plan.Cooldown / 2
	return sides
}
