package measure_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/echo"
	"rtcbench/internal/loopback"
	"rtcbench/internal/measure"
)

// ether is a platform of this test alone: rooms in this process.
type ether struct {
	loopback.Transport
	silent  bool // nobody is ever let in
	opened  error
	opens   time.Duration // how long it takes to make a room
	joins   time.Duration // how long it takes to let somebody in
	stuck   bool          // whoever is asked to remove a room does not answer
	deleted []string
}

func (e *ether) platform() bench.Platform {
	p := bench.Platform{
		Name: "ether", Title: "Ether", Engines: []string{bench.Native}, Transport: e,
		Meet: func(where bench.Place, _ time.Duration) bench.Meeting { return &meeting{ether: e, Place: where} },
	}
	return p
}

func (e *ether) Join(ctx context.Context, room bench.Room, opts bench.JoinOptions) (bench.Session, error) {
	if ctx.Err() != nil { // as the platforms do
		return nil, context.Cause(ctx)
	}
	letIn := time.After(e.joins)
	if e.silent {
		letIn = nil
	}
	select {
	case <-letIn:
	case <-ctx.Done():
		return nil, &bench.LateError{What: "no answer", Maybe: "is anybody there?", Waiting: bench.StepTCP,
			Cause: context.Cause(ctx)}
	}
	return e.Transport.Join(ctx, room, opts)
}

type meeting struct {
	ether *ether
	bench.Place
}

func (m *meeting) String() string { return fmt.Sprintf("room %q", m.Room) }
func (m *meeting) URL() string    { return m.Place.URL }
func (m *meeting) Open(context.Context) error {
	time.Sleep(m.ether.opens)
	return m.ether.opened
}
func (m *meeting) Seat(_ bench.Role, identity string) (bench.Seat, error) {
	return bench.Seat{Room: bench.Room{URL: m.Place.URL, Name: m.Room, Token: "t"}, Identity: identity}, nil
}
func (m *meeting) Explain(_ context.Context, _ bench.Seat, err error) error { return err }
func (m *meeting) Complete(_ context.Context, run *bench.Run, err error) error {
	run.Facts.Server.Region = "nowhere"
	return err
}
func (m *meeting) Delete(ctx context.Context) error {
	if m.ether.stuck {
		<-ctx.Done()
		return fmt.Errorf("remove the room: %w", context.Cause(ctx))
	}
	m.ether.deleted = append(m.ether.deleted, m.Room)
	return nil
}

func (e *ether) env() measure.Env {
	return measure.Env{
		Platforms: map[string]bench.Platform{"ether": e.platform()}, Clock: bench.NewClock(),
		Tool:   bench.Tool{Version: "test"},
		Floors: measure.Floors{measure.FloorKey("ether", "", "", 100*time.Millisecond): {P50MS: 0.5, CooldownMS: 100}},
	}
}

func job(room string) measure.Job {
	return measure.Job{
		Platform: "ether", Place: bench.Place{URL: "ether://here", Room: room}, Local: true, Within: 3 * time.Second,
		Location: "fra", Asked: 0.95,
		Plan: bench.Plan{Count: 20, Cooldown: 100 * time.Millisecond, Timeout: time.Second, EchoTimeout: time.Second,
			ReconnectTimeout: time.Second},
	}
}

// TestARunIsWhole: whoever measures gets a run that says all that is known of it.
func TestARunIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e ether
		seen := 0
		run, err := measure.Do(t.Context(), job("a"), e.env(), func(bench.Sample) { seen++ })
		if err != nil || run.Counts.Answered != 20 || seen != 20 || run.Ended != bench.Complete || run.Err != nil {
			t.Fatalf("%v, %d samples, %+v", err, seen, run.Counts)
		}
		if run.Platform != "ether" || run.RoomURL != "ether://here" || run.Location != "fra" ||
			run.Tool.Version != "test" || run.Asked != 0.95 ||
			run.Echo.Mode != "local" || run.Clocks != bench.OneClock || run.Facts.Server.Region != "nowhere" {
			t.Errorf("not whole: %+v", run)
		}
		if len(e.deleted) != 1 || e.deleted[0] != "a" {
			t.Errorf("left behind: %q deleted", e.deleted)
		}
	})
}

// TestNothingMeasured: a run that did not begin has no ID, and the error says why, in the job's own limit.
func TestNothingMeasured(t *testing.T) {
	gone := errors.New("no room for you")
	for name, c := range map[string]struct {
		ether *ether
		job   func(*measure.Job)
		is    func(error) bool
		after time.Duration
	}{
		"nobody lets us in": {ether: &ether{silent: true}, after: 3 * time.Second, is: func(err error) bool {
			var late *measure.LateError
			var join *measure.JoinError
			var seat *bench.LateError
			return errors.As(err, &late) && late.Limit == 3*time.Second && errors.As(err, &join) &&
				join.Where == `room "a"` &&
				errors.As(err, &seat) && seat.After == late.Limit
		}},
		"the room cannot be made": {ether: &ether{opened: gone}, is: func(err error) bool {
			return errors.Is(err, gone)
		}},
		"no such platform": {ether: &ether{}, job: func(j *measure.Job) {
			j.Platform = "nether"
		}, is: func(err error) bool { return err != nil }},
		"no such engine": {ether: &ether{}, job: func(j *measure.Job) {
			j.Engine = bench.Browser
		}, is: func(err error) bool { return err != nil }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := job("a")
				if c.job != nil {
					c.job(&j)
				}
				begin := time.Now()
				run, err := measure.Do(t.Context(), j, c.ether.env(), nil)
				if run.ID != "" || !c.is(err) || time.Since(begin) != c.after {
					t.Errorf("run %q after %v: %v", run.ID, time.Since(begin), err)
				}
			})
		})
	}
}

// TestOneLimit: what came before a join is taken from the limit for joining once, and the limit that is named is whole.
func TestOneLimit(t *testing.T) {
	for name, c := range map[string]struct {
		ether *ether
		after time.Duration // 0 = it joins
		says  string
	}{
		"both together are in time": {ether: &ether{opens: 2 * time.Second, joins: 900 * time.Millisecond}},
		"both together are not in time": {&ether{opens: 2 * time.Second, silent: true}, 3 * time.Second,
			"no answer in 3s, waiting for"},
		"no time was left": {&ether{opens: 3001 * time.Millisecond}, 3001 * time.Millisecond,
			`join room "a": there was no time left for it`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				run, err := measure.Do(t.Context(), job("a"), c.ether.env(), nil)
				if c.after == 0 {
					if err != nil || run.Counts.Answered != 20 {
						t.Errorf("%v: %+v", err, run.Counts)
					}
					return
				}
				var late *measure.LateError
				if !errors.As(err, &late) || late.Limit != 3*time.Second || !strings.Contains(err.Error(), c.says) ||
					!errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "deadline") ||
					time.Since(begin) != c.after {
					t.Errorf("after %v: %v, want %q after %v", time.Since(begin), err, c.says, c.after)
				}
			})
		})
	}
}

// TestNobodyAnswers: the run is there, with why it has no answers.
func TestNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e ether
		j := job("a")
		j.Local = false
		run, err := measure.Do(t.Context(), j, e.env(), nil)
		var nobody *measure.NoEchoError
		if run.ID == "" || run.Echo.Mode != "remote" || !errors.As(err, &nobody) || nobody.Where != `room "a"` ||
			!errors.Is(run.Err, bench.ErrNoEcho) {
			t.Errorf("%q by %q: %v", run.ID, run.Echo.Mode, err)
		}
	})
}

// TestTogether: jobs begin when all have joined, and one that fails does not keep the others.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick := &ether{silent: true}, &ether{}
		env := quick.env()
		env.Platforms["late"] = slow.platform()
		other := job("b")
		other.Platform = "late"
		begin := time.Now()
		runs, errs := measure.Together(t.Context(), []measure.Job{job("a"), other}, env, nil)
		if errs[0] != nil || runs[0].Counts.Answered != 20 || runs[1].ID != "" || errs[1] == nil ||
			runs[1].Platform != "late" {
			t.Errorf("%v %+v, %v", errs[0], runs[0].Counts, errs[1])
		}
		if waited := runs[0].Start.Sub(begin); waited < other.Within {
			t.Errorf("it began after %v, before the other had joined or failed", waited)
		}
	})
}

// TestThroughAnEchoService: a platform that nobody but this test knows is asked for over HTTP, and answered there.
func TestThroughAnEchoService(t *testing.T) {
	benchtest.NoLeak(t)
	var e ether
	meter := echo.NewMeter()
	host := measure.NativeHost{Platform: e.platform(), Place: bench.Place{URL: "ether://there"},
		Within: 5 * time.Second, Clock: bench.NewClock(), Meter: meter}
	service := echo.NewService(echo.Options{Hosts: map[string]echo.Host{"ether": host}}, meter)
	server := httptest.NewServer(service.Handler())
	defer server.Close()
	j := job("")
	j.Local, j.Service = false, measure.Service{Client: echo.Client{URL: server.URL}}
	j.Plan.Cooldown, j.Plan.Timeout, j.Within = 0, 10*time.Second, time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run, err := measure.Do(ctx, j, e.env(), nil)
	if err != nil || run.Counts.Answered != 20 || run.RoomURL != "ether://there" || run.Echo.Mode != "remote" {
		t.Errorf("%v: %+v, %+v", err, run.Counts, run)
	}
	if err := service.Close(ctx); err != nil {
		t.Error(err)
	}
	server.Client().CloseIdleConnections()
	// The service itself is away.
	server.Close()
	j.Within = 300 * time.Millisecond
	var refused *measure.ServiceError
	if run, err = measure.Do(ctx, j, e.env(), nil); run.ID != "" || !errors.As(err, &refused) ||
		refused.Limit != j.Within {
		t.Errorf("%q: %v", run.ID, err)
	}
}
