package cli

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kong"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform"
	"rtcbench/internal/settings"
)

// otherCmd measures on a platform that has no command of its own in this package. Its flags are the fields of a
// bench.Place.
type otherCmd struct {
	platform bench.Platform

	flags.OtherGroup
	flags.ServiceGroup
	Timeout string `from:"TIMEOUT_MS" group:"what" default:"5000" placeholder:"5000" help:"Milliseconds after which a pong is too late."`
	flags.PlanGroup
	flags.ChannelGroup
	Engine string `from:"RTCBENCH_ENGINE" group:"engine" placeholder:"ENGINE" help:"native (Go) or browser (the platform's own SDK in Chromium), as far as the platform has them."`
	flags.ChromeGroup
	Echo string `from:"RTCBENCH_ECHO" group:"where" enum:"auto,local,remote" default:"auto" placeholder:"auto" help:"Who answers: local (this process, from a second seat), remote, or auto: local unless a token is given."`

	keepFlags
}

// others are the commands of the platforms that have no command of their own, by name.
func others() map[string]*otherCmd {
	list := map[string]*otherCmd{}
	for name, p := range platform.All {
		if !slices.Contains(ownCommands, name) {
			list[name] = &otherCmd{platform: p}
		}
	}
	return list
}

// options completes the commands: the flags of several platforms get their names, other platforms get commands.
func (c *commands) options() (list []kong.Option) {
	c.others = others()
	c.Both.dress()
	c.Echo.dress()
	for _, name := range platform.Names() {
		if cmd, ok := c.others[name]; ok {
			list = append(list, kong.DynamicCommand(name, "Measure "+cmd.platform.Title+".", "", cmd))
		}
	}
	return list
}

// Run measures.
func (cmd *otherCmd) Run(a *app) error { return a.measure(cmd) }

// chrome implements measuring.
func (cmd *otherCmd) chrome() flags.ChromeGroup { return cmd.ChromeGroup }

// sides implements measuring.
func (cmd *otherCmd) sides(c *settings.Check) []side {
	p := cmd.platform
	s := side{job: measure.Job{Platform: p.Name, Engine: cmd.Engine, Location: cmd.Location,
		Plan: cmd.Plan(c, cmd.Timeout)}}
	if s.job.Engine == "" {
		s.job.Engine = p.Engines[0]
	}
	cmd.CarriedBy(c, &s.job.Plan, cmd.Known(c, p), s.job.Engine)
	if !p.Has(s.job.Engine) {
		c.Fail("engine", cmd.Engine, fmt.Sprintf("one of %v", p.Engines))
	}
	if most := p.MaxMessage; most > 0 && s.job.Plan.PayloadBytes > most {
		c.Fail("payload", cmd.Payload, fmt.Sprintf("at most %d: %s takes no longer message", most, p.Title))
	}
	s.job.Within = cmd.Within(c, s.job.Engine == bench.Browser)
	place := cmd.Place(c)
	s.asks(c, cmd.ServiceGroup, cmd.Rivals())
	if s.job.Service.Named() {
		return []side{s}
	}
	s.noEcho, s.job.Place = " (is an echo in that room?)", place
	s.job.Local = cmd.Echo == "local" || cmd.Echo == "auto" && cmd.Token == ""
	return []side{s}
}
