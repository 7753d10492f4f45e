package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
	"rtcbench/internal/loopback"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/sandbox"
)

type calibrateCmd struct {
	Iterations string `short:"n" group:"what" default:"100" placeholder:"100" help:"Pings of each kind."`
	Cooldown   string `short:"c" group:"what" default:"100" placeholder:"100" help:"Milliseconds from ping to ping, as in the runs that it is for."`
	chromeFlags
}

// Help is shown by --help below the flags' summary.
func (calibrateCmd) Help() string {
	return `It measures paths that have no network in them: what is left is the instrument, the SDK and this machine. The medians are kept, and results made here afterwards show them beside their own (details.instrument.floor_rtt_p50_ms), if their cooldown is no more than twice as long or half as long: after a rest all of it is slower.

The last path is Daily's own SDK against a stand-in for Daily's cloud on this machine.`
}

// calibration is one path without a network.
type calibration struct {
	what, platform, engine string
	measure                func(context.Context, bench.Plan) (*bench.Run, error)
}

// Run measures each path in turn; one that cannot be measured does not keep the others.
func (cmd *calibrateCmd) Run(a *app) error {
	c := check{settings: a.settings}
	plan := bench.Plan{
		Count: c.number("iterations", cmd.Iterations, 10, 100_000), Cooldown: c.millis("cooldown", cmd.Cooldown, time.Millisecond, time.Minute), Timeout: 5 * time.Second, Warmup: 10,
		EchoTimeout: 10 * time.Second, ReconnectTimeout: 10 * time.Second,
	}
	if c.err != nil {
		return c.err
	}
	server, err := sandbox.Shared()
	if err != nil {
		return err
	}
	cloud, err := standin.Start()
	if err != nil {
		return err
	}
	defer cloud.Close()
	cmd.sayAloud(a.stderr)
	known := loadFloors()
	var failed []error
	fmt.Fprintf(a.stdout, "%-44s %8s %8s %8s\n", "round trip without a network, ms", "P50", "P95", "P99")
	for _, path := range cmd.paths(server, cloud) {
		run, err := path.measure(a.ctx, plan)
		if a.ctx.Err() != nil {
			code, _ := stopCode(a.ctx)
			return exitError{code, errors.New("stopped; what was known before is kept")}
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", path.what, err))
			fmt.Fprintf(a.stdout, "%-44s %8s\n", path.what, "–")
			continue
		}
		s := bench.Summarise(*run)
		ms := func(q bench.Quantity) float64 { return float64(q.D) / 1e6 }
		fmt.Fprintf(a.stdout, "%-44s %8.3f %8.3f %8.3f\n", path.what, ms(s.P50), ms(s.P95), ms(s.P99))
		if path.platform != "" {
			known[floorKey(path.platform, path.engine, plan.Cooldown)] = floor{P50MS: ms(s.P50), CooldownMS: float64(plan.Cooldown) / 1e6, Pings: len(s.RTTs), At: time.Now().UTC(), Version: release}
		}
	}
	where, err := known.save()
	if err != nil {
		failed = append(failed, fmt.Errorf("keep the floors: %w", err))
	} else {
		fmt.Fprintf(a.stdout, "kept in %s\n", where)
	}
	if failed != nil {
		return join(failed...)
	}
	return nil
}

func (cmd *calibrateCmd) paths(server *sandbox.Server, cloud *standin.Server) []calibration {
	livekit := func(plan bench.Plan) *livekitJob {
		job := &livekitJob{plan: plan, within: 30 * time.Second, local: true}
		job.seats = seats{url: server.URL, room: identity("room"), life: time.Hour}
		job.seats.key.Key, job.seats.key.Secret = server.Key, server.Secret
		return job
	}
	return []calibration{
		{"native, in this process", "", "", throughMemory},
		{"native, LiveKit server in this process", "livekit", "native", func(ctx context.Context, plan bench.Plan) (*bench.Run, error) {
			return livekit(plan).measure(ctx, nil)
		}},
		{"browser, LiveKit server in this process", "livekit", "browser", func(ctx context.Context, plan bench.Plan) (*bench.Run, error) {
			return livekit(plan).inBrowser(cmd.options()).measure(ctx, nil)
		}},
		{"browser, daily-js on a stand-in for its cloud", "daily", "browser", func(ctx context.Context, plan bench.Plan) (*bench.Run, error) {
			room := dailyRoom{local: true, dailyFlags: dailyFlags{RoomURL: cloud.AddRoom("calibrate"), BundleURL: cloud.BundleURL()}}
			return room.measure(ctx, browserJob{options: cmd.options(), plan: plan, within: 30 * time.Second}, nil)
		}},
	}
}

// throughMemory is the loop itself: no SDK, no socket.
func throughMemory(ctx context.Context, plan bench.Plan) (*bench.Run, error) {
	var platform loopback.Transport
	clock, room := bench.NewClock(), bench.Room{Name: "calibrate"}
	e, err := platform.Join(ctx, room, bench.JoinOptions{Identity: "echo"})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	go echo.Answer(ctx, e, clock)
	runner, err := platform.Join(ctx, room, bench.JoinOptions{Identity: "runner"})
	if err != nil {
		return nil, err
	}
	defer runner.Close()
	run, err := bench.NewProber(runner, clock).Probe(ctx, plan, nil)
	return &run, err
}
