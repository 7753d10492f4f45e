package measure

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
	"rtcbench/internal/loopback"
	"rtcbench/internal/ping"
)

// Path is one way without a network: what is left is the instrument, the SDK and this machine.
type Path struct {
	What             string // for people
	Platform, Engine string // "" for the loop itself
	Measure          func(context.Context, Env) (bench.Run, error)
}

// Paths are the ping loop itself, and every engine on every platform that can be played on this machine.
func Paths(platforms map[string]bench.Platform, plan bench.Plan, within time.Duration) []Path {
	list := []Path{{What: "native, in this process", Measure: func(ctx context.Context, env Env) (bench.Run, error) {
		return throughMemory(ctx, env.Clock, plan)
	}}}
	names := slices.Sorted(maps.Keys(platforms))
	slices.Reverse(names)
	for _, name := range names {
		p := platforms[name]
		if p.Here == nil {
			continue
		}
		for _, engine := range p.Engines {
			job := Job{Platform: name, Engine: engine, Plan: plan, Within: within, Local: true}
			list = append(list, Path{What: fmt.Sprintf("%s, %s", engine, p.HereIs), Platform: name, Engine: engine,
				Measure: func(ctx context.Context, env Env) (bench.Run, error) {
					place, stop, err := p.Here()
					if err != nil {
						return bench.Run{}, err
					}
					defer stop()
					job.Place = place
					return Do(ctx, job, env, nil)
				}})
		}
	}
	return list
}

// Calibrate measures each path in turn, and tells of each. One that cannot be measured does not keep the others. It
// gives the floors of env with those that it found; what it tells and gives when ctx ends is not all.
func Calibrate(ctx context.Context, env Env, plan bench.Plan, within time.Duration,
	told func(what string, s bench.Summary, err error)) Floors {
	known := maps.Clone(env.Floors)
	if known == nil {
		known = Floors{}
	}
	env.Floors = nil // the floors are what is measured here
	for _, path := range Paths(env.Platforms, plan, within) {
		run, err := path.Measure(ctx, env)
		if ctx.Err() != nil {
			break
		}
		s := bench.Summary{}
		if err == nil {
			s = bench.Summarise(run)
		}
		if told(path.What, s, err); err == nil && path.Platform != "" {
			known[FloorKey(path.Platform, path.Engine, plan.Cooldown)] = Floor{
				P50MS: float64(s.P50.D) / 1e6, CooldownMS: float64(plan.Cooldown) / 1e6, Pings: len(s.RTTs),
				At: time.Now().UTC(), Version: env.Tool.Version,
			}
		}
	}
	return known
}

// throughMemory is the loop itself: no SDK, no socket.
func throughMemory(ctx context.Context, clock bench.Clock, plan bench.Plan) (bench.Run, error) {
	var platform loopback.Transport
	room := bench.Room{Name: "calibrate"}
	e, err := platform.Join(ctx, room, bench.JoinOptions{Identity: "echo"})
	if err != nil {
		return bench.Run{}, err
	}
	defer e.Close()
	go echo.Answer(ctx, e, clock)
	runner, err := platform.Join(ctx, room, bench.JoinOptions{Identity: "runner"})
	if err != nil {
		return bench.Run{}, err
	}
	defer runner.Close()
	return ping.NewProber(runner, clock).Probe(ctx, plan, nil)
}
