package measure_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/echo"
	"rtcbench/internal/measure"
)

// TestAResultIsNotHeld: what is tidied up after a run does not hold its result for long, whoever does not answer, and a
// signal in the middle of it ends the wait.
func TestAResultIsNotHeld(t *testing.T) {
	for name, c := range map[string]struct {
		signal, held time.Duration // after the last pong
	}{"nobody waits": {held: 3 * time.Second}, "Ctrl-C": {700 * time.Millisecond, 700 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := ether{stuck: true}
				ctx, stop := context.WithCancelCause(t.Context())
				defer stop(nil)
				j, settled := job("a"), 0
				run, err := measure.Do(ctx, j, e.env(), func(bench.Sample) {
					if settled++; settled == j.Plan.Count && c.signal > 0 {
						time.AfterFunc(c.signal, func() { stop(errors.New("stopped by interrupt")) })
					}
				})
				if err != nil || run.Counts.Answered != 20 || run.Ended != bench.Complete {
					t.Errorf("%v: %s, %+v", err, run.Ended, run.Counts)
				}
				if held := time.Since(run.End).Round(10 * time.Millisecond); held != c.held {
					t.Errorf("it was held for %v, want %v", held, c.held)
				}
				if d := run.Doubts; len(d) == 0 || d[len(d)-1].Code != "room-left" {
					t.Errorf("nobody is told that the room is there: %v", d)
				}
			})
		})
	}
}

// TestAServiceThatHangs: an echo service that does not answer at the end holds no result after a signal, and what
// became of its room is said.
func TestAServiceThatHangs(t *testing.T) {
	benchtest.NoLeak(t)
	var e ether
	meter := echo.NewMeter()
	service := echo.NewService(echo.Options{Hosts: map[string]echo.Host{"ether": measure.NativeHost{
		Platform: e.platform(), Place: bench.Place{URL: "ether://there"}, Within: time.Minute,
		Clock: bench.NewClock(), Meter: meter}}}, meter)
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/disconnect" {
			io.Copy(io.Discard, r.Body)
			stop(errors.New("stopped by interrupt"))
			<-r.Context().Done()
			return
		}
		service.Handler().ServeHTTP(w, r)
	}))
	defer server.Close()
	j, env, said := job(""), e.env(), []string(nil)
	j.Local, j.Service = false, measure.Service{Client: echo.Client{URL: server.URL}}
	j.Plan.Cooldown, j.Plan.Timeout, j.Within = 0, time.Minute, time.Minute
	j.Plan.EchoTimeout = time.Minute
	env.Say = func(line string) { said = append(said, line) }
	run, err := measure.Do(ctx, j, env, nil)
	if err != nil || run.Counts.Answered != 20 || run.Ended != bench.Complete {
		t.Errorf("%v: %s, %+v", err, run.Ended, run.Counts)
	}
	if len(said) != 1 || !strings.HasSuffix(said[0], "that we left: stopped by interrupt; the room ends by itself") {
		t.Errorf("said %q", said)
	}
	if err := service.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
