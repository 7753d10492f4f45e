package cli

import (
	"errors"
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/floors"
	"rtcbench/internal/keep"
	"rtcbench/internal/lab/stage"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

// measuring is a command that measures.
type measuring interface {
	sides(c *settings.Check) []side // what its flags ask for, or an error in c
	kept() keepFlags
	chrome() flags.ChromeGroup
}

// keepFlags say what becomes of what was measured.
type keepFlags struct {
	flags.OutputGroup
	flags.StoreGroup
	flags.LimitGroup
	flags.VoiceGroup
}

func (f keepFlags) kept() keepFlags { return f }

// side is one job of a command, with what only the command's flags can say of the job.
type side struct {
	job     measure.Job
	doubts  []string // about what was given, which is tried all the same
	service flags.Service
	noEcho  string // what to do where nobody answers
}

// asks reads from the flags which echo service gives the room, if one does.
func (s *side) asks(c *settings.Check, f flags.ServiceGroup, rivals map[string]string) {
	s.service = f.Service(c, s.job.Platform, rivals)
	s.job.Service = s.service.Service
}

// read gives the jobs and the stores that the flags of a command ask for.
func (a *app) read(cmd measuring) ([]side, keep.Stores, error) {
	c := settings.Check{Sources: a.settings}
	f := cmd.kept()
	stores := f.Stores(&c, ours)
	sides := cmd.sides(&c)
	f.LimitGroup.Check(&c)
	f.VoiceGroup.Check(&c)
	f.OutputGroup.Check(&c, stores, nil)
	for i := range sides {
		if c.Err == nil {
			c.Err = flags.SentBack(&c, sides[i].job)
		}
	}
	if c.Err != nil {
		return sides, stores, c.Err
	}
	for i := range sides {
		sides[i].job.Asked, sides[i].job.ShowAddresses = f.Limits().Asked(), f.ShowAddresses
		sides[i].job.Assumed = f.Assumed()
	}
	return sides, stores, nil
}

// measure carries out a command that measures.
func (a *app) measure(cmd measuring) error {
	sides, stores, err := a.read(cmd)
	if err != nil {
		return err
	}
	f := cmd.kept()
	log := f.Logger(a.stderr)
	var jobs []measure.Job
	pings, chromium := 0, false
	for _, s := range sides {
		for _, doubt := range s.doubts {
			fmt.Fprintf(a.stderr, "rtcbench: %s\n", doubt)
		}
		log.Info("joining", "platform", s.job.Platform, "engine", s.job.Engine, "url", s.job.Place.URL)
		jobs, pings = append(jobs, s.job), pings+s.job.Plan.Count
		chromium = chromium || s.job.Engine == bench.Browser
	}
	if chromium {
		cmd.chrome().SayAloud(a.stderr, ours)
	}
	on, end := f.Watch(a.stderr, log, bench.Plan{Count: pings})
	env := a.env(cmd.chrome())
	env.Watch = f.Watched(ours)
	runs, errs := measure.Together(a.ctx, jobs, env, on)
	end()
	for i := range sides {
		errs[i] = sides[i].hinted(errs[i])
		runs[i].Err = errs[i]
	}
	if len(jobs) > 1 && measure.Same(errs) { // one service gave no room to any of them
		return a.stopped(errs[0])
	}
	return a.finish(f, runs, errs, stores)
}

// env is the measure.Env of this process.
func (a *app) env(chrome flags.ChromeGroup) measure.Env {
	return measure.Env{
		Platforms: platform.All, Clock: stage.Clock(ours.Get), Browser: chrome.Options(ours),
		Tool: bench.Tool(version()), Floors: floors.Load(ours),
		Say: func(line string) { fmt.Fprintf(a.stderr, "rtcbench: %s\n", line) },
	}
}

// stopped is the error with which a command ends that has nothing to show: the signal's, or else err.
func (a *app) stopped(err error) error {
	if code, ok := signals.ExitCode(a.ctx); ok {
		return exitError{code, errors.New("stopped before anything was measured")}
	}
	return err
}

// hinted is err with what a user who gave flags can try.
func (s side) hinted(err error) error {
	var service *measure.ServiceError
	var nobody *measure.NoEchoError
	switch {
	case errors.As(err, &service):
		return s.service.Hinted(service)
	case errors.As(err, &nobody):
		return hints.Give(err, s.noEcho)
	}
	return hints.For(err)
}
