package cli

import (
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/settings"
)

type livekitCmd struct {
	flags.LivekitGroup
	flags.ServiceGroup
	AgentName string `name:"agent-name" from:"RTCBENCH_AGENT_NAME" group:"where" placeholder:"NAME" help:"Agent to dispatch as the echo, with an API key."`
	Timeout   string `from:"TIMEOUT_MS" group:"what" default:"5000" placeholder:"5000" help:"Milliseconds after which a pong is too late."`
	flags.PlanGroup
	Channel string `from:"RTCBENCH_CHANNEL" group:"what" enum:"reliable,lossy,audio" default:"reliable" placeholder:"reliable" help:"What carries the pings: the data channel, reliable or lossy, or an audio track, with a cooldown of 20."`
	Engine  string `from:"RTCBENCH_ENGINE" group:"engine" enum:"native,browser" default:"native" placeholder:"native" help:"native (Go) or browser (livekit-client in Chromium)."`
	flags.MediaGroup
	flags.ChromeGroup
	Echo string `from:"RTCBENCH_ECHO" group:"where" enum:"auto,local,remote" default:"auto" placeholder:"auto" help:"Who answers: local (this process, from a second seat), remote, or auto: local in a room of our own making."`

	Lab      string `from:"RTCBENCH_LAB" hidden:"" help:"The scenario that this is measured in."`
	LabClock string `from:"RTCBENCH_LAB_CLOCK" hidden:"" enum:"one,two" default:"two" help:"Whether the lab's echo has this machine's own clock."`

	keepFlags
}

// Help is shown by --help below the flags' summary.
func (livekitCmd) Help() string {
	return `Without --server-url a LiveKit server starts inside this process: that shows the tool, and measures this ` +
		`machine.

Examples:

  rtcbench livekit
      everything on this machine, nothing to set up

  rtcbench livekit -s wss://my.livekit.cloud --api-key KEY --api-secret SECRET
      from here to your server and back, nothing else to run

  rtcbench livekit -s wss://my.livekit.cloud -t TOKEN -n 600 -o result.json
      to whoever answers in the token's room: rtcbench echo, or the original agent

  rtcbench livekit --channel audio -s wss://my.livekit.cloud --api-key KEY --api-secret SECRET
      what the packets of a voice meet: pings in an audio track, one every 20 ms

  rtcbench livekit --channel audio --engine browser --media -n 1500 -s wss://my.livekit.cloud -t TOKEN
      beside that, how long sound itself takes from mouth to echo to ear, jitter buffer and decoder included

  rtcbench livekit --agent-url https://echo.example.com --agent-token TOKEN
      to an echo far away, in a room that its service makes for this run

  rtcbench livekit -s wss://my.livekit.cloud --api-key KEY --api-secret SECRET --agent-name livekit-echo
      to an agent that is registered under that name, as the original's is, in a room of this run's own

  rtcbench livekit --max-p95 150 --max-loss 1 --quiet
      for scripts: exit code 3 when the P95 is above 150 ms or more than 1 % fail

Exit codes: 0 measured, 1 could not measure or ended early, 2 wrong command line, 3 a limit was broken, 4 the output ` +
		`file or a store did not take the result, 130 after Ctrl-C (what was measured is kept).`
}

// Run measures.
func (cmd *livekitCmd) Run(a *app) error { return a.measure(cmd) }

// sides implements measuring.
func (cmd *livekitCmd) sides(c *settings.Check) []side {
	s := side{job: measure.Job{
		Platform: livekit.Platform.Name, Engine: cmd.Engine, Location: cmd.Location,
		Plan: cmd.Plan(c, cmd.Timeout), Within: cmd.Within(c, cmd.Engine == bench.Browser),
		Lab: measure.Lab{Name: cmd.Lab, OneClock: cmd.Lab != "" && cmd.LabClock == "one"},
	}}
	cmd.CarriedBy(c, &s.job.Plan, cmd.Channel, cmd.Engine)
	cmd.Heard(c, &s.job.Plan, cmd.Engine)
	s.job.Plan.Numbered = cmd.Lab != ""
	s.asks(c, cmd.ServiceGroup,
		map[string]string{"server-url": cmd.ServerURL, "token": cmd.Token, "api-key": cmd.APIKey})
	c.Given(map[string]string{"agent-name": cmd.AgentName})
	agent := c.Label("agent-name", cmd.AgentName, 256)
	if !s.job.Service.Named() {
		var hasServer bool
		s.job.Place, s.doubts, hasServer = cmd.Place(c, bench.Runner, s.job.Plan.Class)
		s.job.Place.Agent, s.job.Here = agent, !hasServer
		s.job.Local = cmd.Echo == "local" || cmd.Echo == "auto" && s.job.Place.Token == "" && agent == ""
		s.noEcho = fmt.Sprintf(" (start one: rtcbench echo --server-url %s%s)", s.job.Place.URL,
			cmd.echoFlags(s.job.Place))
	}
	if c.Err == nil {
		c.Err = flags.Answered(c, s.job, cmd.Echo, agent)
	}
	if agent != "" { // what became of it is told
		s.noEcho = ""
	}
	return []side{s}
}

// echoFlags are the flags with which an echo joins the same room.
func (cmd *livekitCmd) echoFlags(place bench.Place) string {
	if place.Token == "" {
		return " --api-key KEY --api-secret SECRET --room " + place.Room
	}
	return " --token TOKEN, with another token for the same room"
}

// chrome implements measuring.
func (cmd *livekitCmd) chrome() flags.ChromeGroup { return cmd.ChromeGroup }
