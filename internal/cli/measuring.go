package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/echo"
	"rtcbench/internal/floors"
	"rtcbench/internal/keep"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

// measuring is a command that measures.
type measuring interface {
	sides(c *settings.Check) []side // what its flags ask for, or an error in c
	kept() keepFlags
	chrome() chromeFlags
}

// keepFlags say what becomes of what was measured.
type keepFlags struct {
	outputFlags
	storeFlags
	limitFlags
	voiceFlags
}

func (f keepFlags) kept() keepFlags { return f }

// side is one job of a command, with what only its flags can say of it.
type side struct {
	job      measure.Job
	doubts   []string // about what was given, which is tried all the same
	service  string   // where the URL of the echo service stands
	tokenFor string   // the flag and the variable of its token
	noEcho   string   // what to do where nobody answers
}

// read is what the flags of a command ask for.
func (a *app) read(cmd measuring) ([]side, keep.Stores, error) {
	c := settings.Check{Sources: a.settings}
	f := cmd.kept()
	stores := f.stores(&c)
	sides := cmd.sides(&c)
	f.limitFlags.check(&c)
	f.voiceFlags.check(&c)
	if c.Err == nil {
		c.Err = f.outputFlags.check(&c)
	}
	if c.Err != nil {
		return sides, stores, c.Err
	}
	for i := range sides {
		sides[i].job.Asked, sides[i].job.ShowAddresses = f.limits().Asked(), f.ShowAddresses
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
	log := a.logger(f.outputFlags)
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
		cmd.chrome().sayAloud(a.stderr)
	}
	on, end := f.watch(a, log, bench.Plan{Count: pings})
	runs, errs := measure.Together(a.ctx, jobs, a.env(cmd.chrome()), on)
	end()
	for i := range sides {
		errs[i] = sides[i].advised(errs[i])
		runs[i].Err = errs[i]
	}
	if len(jobs) > 1 && measure.Same(errs) { // one service gave no room to any of them
		return a.stopped(errs[0])
	}
	return a.finish(f, runs, errs, stores)
}

// env is what jobs are measured with.
func (a *app) env(chrome chromeFlags) measure.Env {
	return measure.Env{
		Platforms: platform.All, Clock: newClock(), Browser: chrome.options(), Tool: bench.Tool(version()),
		Floors: floors.Load(ours),
		Say:    func(line string) { fmt.Fprintf(a.stderr, "rtcbench: %s\n", line) },
	}
}

// stopped is how a command ends that has nothing to show: by a signal, or for err.
func (a *app) stopped(err error) error {
	if code, ok := signals.ExitCode(a.ctx); ok {
		return exitError{code, errors.New("stopped before anything was measured")}
	}
	return err
}

// advised is err with what to try, for somebody who gave flags.
func (s side) advised(err error) error {
	var service *measure.ServiceError
	var nobody *measure.NoEchoError
	switch {
	case errors.As(err, &service):
		return s.explain(service)
	case errors.As(err, &nobody):
		return withAdvice{err, s.noEcho}
	}
	return advised(err)
}

// explain names the setting that the error of an echo service comes from, and a way out.
func (s side) explain(err *measure.ServiceError) error {
	hint := advice.Of(err)
	var refused *echo.RefusedError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		hint = fmt.Sprintf(" (after %v; --connect-timeout waits longer)", err.Limit)
	case !errors.As(err, &refused):
	case refused.Status == http.StatusUnauthorized && !refused.Answer.Foreign():
		hint = ": give its token with " + s.tokenFor
	case refused.Detail != "" && refused.Status != http.StatusNotFound && refused.Status != http.StatusMethodNotAllowed:
		hint = "" // the service has said it
	}
	return fmt.Errorf("%s: %w%s", s.service, err, hint)
}
