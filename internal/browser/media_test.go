package browser_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	goecho "rtcbench/internal/echo"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/sandbox/sandboxtest"
	"rtcbench/internal/stats"
)

// slower is a script that holds back all that a page says.
const slower = `{
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (!(to instanceof MediaStreamAudioDestinationNode)) return connect.call(this, to, ...more);
    const delay = new DelayNode(this.context, { delayTime: 0.4, maxDelayTime: 1 });
    connect.call(this, delay);
    return connect.call(delay, to);
  };
}`

const held = 400 * time.Millisecond // by that script

// beyondBuffer is the median of what the bursts of a run took outside the jitter buffer, as that tells it.
func beyondBuffer(t *testing.T, run bench.Run) time.Duration {
	t.Helper()
	var list []time.Duration
	for _, b := range run.Media.Bursts {
		if b.Ear.OK && b.Buffer.OK {
			list = append(list, b.Ear.D-b.Buffer.D)
		}
		if b.Ear.OK && (b.Ear.D <= 0 || b.Ear.D > 4*time.Second || b.Match < 0.4) {
			t.Errorf("%+v", b)
		}
	}
	slices.Sort(list)
	d, ok := stats.Quantile(list, 0.5)
	s := run.Media.Summary()
	t.Logf("%d of %d heard, P50 %v, buffer %v, target %v, beyond it %v, %.1f %% concealed", s.Heard, s.Said, s.P50.D,
		s.Buffer.D, s.Target.D, d, 100*s.Concealed)
	if !ok || len(list) < 8 {
		t.Fatalf("%d bursts were heard: %+v", len(list), run.Media.Bursts)
	}
	return d
}

// atBursts measures for four seconds, in which 15 bursts are said.
func atBursts(t *testing.T, runner *browser.Page) bench.Run {
	t.Helper()
	plan := audioPlan(200)
	plan.Media, plan.Timeout = true, 5*time.Second
	run, err := runner.Probe(t.Context(), plan, nil)
	if err != nil || run.Media == nil || run.Counts.Answered < 100 {
		t.Fatalf("%v, %+v", err, run.Counts)
	}
	return run
}

// TestMouthToEar: bursts of noise that a page says come back to its ear, by LiveKit's server and an echo in a page or
// in Go; what holds them back on their way is in what is measured, to the millisecond.
func TestMouthToEar(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	echo := audible(t, b, server, bench.Answerer, "")
	var beyond [2]time.Duration
	for i, before := range []string{"", slower} {
		runner := audible(t, b, server, bench.Runner, before)
		beyond[i] = beyondBuffer(t, atBursts(t, runner))
		runner.Close()
	}
	echo.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go goecho.Answer(ctx, inGo(t, server, bench.Answerer), bench.NewClock())
	runner := audible(t, b, server, bench.Runner, "")
	beyondBuffer(t, atBursts(t, runner))
	runner.Close()
	if d := beyond[1] - beyond[0]; (d - held).Abs() > held/4 {
		t.Errorf("%v more is measured where %v more is there", d, held)
	}
}

// TestMouthToEarOnDaily: by daily-js, what the network adds on each of the two ways through it is in it.
func TestMouthToEarOnDaily(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	b := start(t)
	var beyond [2]time.Duration
	for i, delay := range []time.Duration{0, held / 2} {
		cloud, err := standin.Start()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cloud.Close() })
		cloud.SetFate(standin.Fate{Delay: delay})
		url := cloud.AddRoom("sound")
		echo, err := called(t, b, cloud, url, bench.Answerer)
		if err != nil {
			t.Fatal(err)
		}
		runner, err := called(t, b, cloud, url, bench.Runner)
		if err != nil {
			t.Fatal(err)
		}
		beyond[i] = beyondBuffer(t, atBursts(t, runner))
		runner.Close()
		echo.Close()
	}
	if d := beyond[1] - beyond[0]; (d - held).Abs() > held/4 {
		t.Errorf("%v more is measured where %v more is there", d, held)
	}
}
