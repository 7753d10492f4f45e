package cli

import (
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/floors"
	"rtcbench/internal/measure"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

type calibrateCmd struct {
	Iterations string `short:"n" group:"what" default:"100" placeholder:"100" help:"Pings of each kind."`
	Cooldown   string `short:"c" group:"what" default:"100" placeholder:"100" help:"Milliseconds from ping to ping, as in the runs that it is for; of audio packets 20 by default."`
	flags.ChromeGroup
}

// Help is shown by --help below the flags' summary.
func (calibrateCmd) Help() string {
	return `It measures paths that have no network in them, by messages and by audio packets: what is left is the ` +
		`instrument, the SDK and this machine. The medians are kept, and results made here afterwards show them ` +
		`beside their own (details.instrument.floor_rtt_p50_ms), if their pings are of the same kind and their ` +
		`cooldown is no more than twice as long or half as long: after a rest all of it is slower.

The last path of either kind is Daily's own SDK against a stand-in for Daily's cloud on this machine.`
}

// Run measures each path in turn. A path that cannot be measured does not keep the others from being measured.
func (cmd *calibrateCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	plan := bench.Plan{
		Count:    c.Number("iterations", cmd.Iterations, 10, 100_000),
		Cooldown: c.Millis("cooldown", cmd.Cooldown, time.Millisecond, time.Minute), Timeout: 5 * time.Second,
		Warmup:      10,
		EchoTimeout: 10 * time.Second, ReconnectTimeout: 10 * time.Second,
	}
	packets := plan
	flags.PlanGroup{}.CarriedBy(&c, &packets, bench.RTPAudio.Channel(), bench.Native)
	if c.Err != nil {
		return c.Err
	}
	cmd.SayAloud(a.stderr, ours)
	env := a.env(cmd.ChromeGroup)
	var failed []error
	fmt.Fprintf(a.stdout, "%-50s %8s %8s %8s\n", "round trip without a network, ms", "P50", "P95", "P99")
	ms := func(q bench.Quantity) float64 { return float64(q.D) / 1e6 }
	plans := []bench.Plan{plan, packets}
	known := measure.Calibrate(a.ctx, env, plans, flags.InBrowser, func(what string, s bench.Summary, err error) {
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", what, err))
			fmt.Fprintf(a.stdout, "%-50s %8s\n", what, "–")
			return
		}
		fmt.Fprintf(a.stdout, "%-50s %8.3f %8.3f %8.3f\n", what, ms(s.P50), ms(s.P95), ms(s.P99))
	})
	if a.ctx.Err() != nil {
		code, _ := signals.ExitCode(a.ctx)
		return exitError{code, errors.New("stopped; what was known before is kept")}
	}
	where, err := floors.Save(ours, known)
	if err != nil {
		failed = append(failed, fmt.Errorf("keep the floors: %w", err))
	} else {
		fmt.Fprintf(a.stdout, "kept in %s\n", where)
	}
	return join(failed...)
}
