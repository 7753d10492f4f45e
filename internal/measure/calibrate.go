package measure

import (
	"context"
	"maps"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/echo"
	"rtcbench/internal/loopback"
)

// Path is one way without a network: its round trips take only the time of the instrument, the SDK and this machine.
type Path struct {
	What             string // for people
	Platform, Engine string // "" for the loop itself
	Plan             bench.Plan
	Measure          func(context.Context, Env) (bench.Run, error)
}

// Paths are the ping loop itself, and every engine on every platform that can be played on this machine and carries
// what the plan asks for.
func Paths(platforms map[string]bench.Platform, plan bench.Plan, within time.Duration) []Path {
	by := ""
	if class := floorClass(plan.Class); class != "" {
		by = ", " + class.Short()
	}
	list := []Path{{What: "native, in this process" + by, Plan: plan,
		Measure: func(ctx context.Context, env Env) (bench.Run, error) {
			return throughMemory(ctx, env.Clock, plan)
		}}}
	names := slices.Sorted(maps.Keys(platforms))
	slices.Reverse(names)
	for _, name := range names {
		p := platforms[name]
		if p.Here == nil || !p.Carries(plan.Class) {
			continue
		}
		for _, engine := range p.Engines {
			plan := plan
			if engine == bench.Browser && plan.Class == bench.RTPAudio { // the browser's encoder has no more packets
				plan.Cooldown = max(plan.Cooldown, audio.Frame)
			}
			job := Job{Platform: name, Engine: engine, Plan: plan, Within: within, Local: true}
			list = append(list, Path{What: engine + ", " + p.HereIs + by, Platform: name, Engine: engine, Plan: plan,
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

// Calibrate measures each path of each plan in turn, and calls told after each. A path that cannot be measured does not
// keep the others from being measured. The result is the floors of env, with those that were measured now. When ctx
// ends, told and the result are not complete.
func Calibrate(ctx context.Context, env Env, plans []bench.Plan, within time.Duration,
	told func(what string, s bench.Summary, err error)) Floors {
	known := maps.Clone(env.Floors)
	if known == nil {
		known = Floors{}
	}
	env.Floors = nil // the floors are what is measured here
	var paths []Path
	for _, plan := range plans {
		paths = append(paths, Paths(env.Platforms, plan, within)...)
	}
	for _, path := range paths {
		run, err := path.Measure(ctx, env)
		if ctx.Err() != nil {
			break
		}
		s := bench.Summary{}
		if err == nil {
			s = bench.Summarise(run)
		}
		if told(path.What, s, err); err == nil && path.Platform != "" {
			class, cooldown := path.Plan.Class, path.Plan.Cooldown
			known[FloorKey(path.Platform, path.Engine, class, cooldown)] = Floor{
				Class: floorClass(class), P50MS: float64(s.P50.D) / 1e6, CooldownMS: float64(cooldown) / 1e6,
				Pings: len(s.RTTs), At: time.Now().UTC(), Version: env.Tool.Version,
			}
		}
	}
	return known
}

// throughMemory is the loop itself: no SDK, no socket.
func throughMemory(ctx context.Context, clock bench.Clock, plan bench.Plan) (bench.Run, error) {
	var platform loopback.Transport
	room := bench.Room{Name: "calibrate"}
	e, err := platform.Join(ctx, room, bench.JoinOptions{Identity: "echo", Class: plan.Class})
	if err != nil {
		return bench.Run{}, err
	}
	defer e.Close()
	go echo.Answer(ctx, e, clock)
	runner, err := platform.Join(ctx, room, bench.JoinOptions{Identity: "runner", Class: plan.Class})
	if err != nil {
		return bench.Run{}, err
	}
	defer runner.Close()
	return prober(runner, clock, Job{Plan: plan}).Probe(ctx, plan, nil)
}
