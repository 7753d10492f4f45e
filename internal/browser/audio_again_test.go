package browser_test

import (
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/sandbox/sandboxtest"
)

// TestAudioInChromiumOutlivesTheServer: the server is killed and comes back. So do the tracks of both pages, pings are
// answered again, and the run says that either way goes on as another stream, by another server.
func TestAudioInChromiumOutlivesTheServer(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	audible(t, b, server, bench.Answerer, "")
	runner := audible(t, b, server, bench.Runner, "")
	plan := audioPlan(100_000)
	plan.Timeout = time.Second
	run := benchtest.Disturbed(t, runner, plan, func() {
		server.Kill()
		server.Restart(t)
	})
	var changed []string
	for _, c := range run.Facts.Changes {
		if c.From == "" || c.To == "" || c.From == c.To {
			t.Errorf("%+v", c)
		}
		changed = append(changed, c.What)
	}
	slices.Sort(changed)
	v := bench.Summarise(run).Validity
	if !slices.Equal(changed, []string{"audio stream", "audio stream", "node"}) || run.Facts.Reconnects == 0 ||
		v.Verdict != bench.Invalid || !v.Has("audio-changed") || !v.Has("region-changed") {
		t.Errorf("%d reconnects, changes %+v, %s %+v", run.Facts.Reconnects, run.Facts.Changes, v.Verdict, v.Grounds)
	}
	checkAudioFacts(t, run.Facts)
}

// TestDailyAudioGoesOn: Daily's signalling breaks off, and the call machine makes all connections anew. Pings are
// answered again, and the run says that either way goes on as another stream.
func TestDailyAudioGoesOn(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	b := start(t)
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	url := cloud.AddRoom("again")
	_, err = called(t, b, cloud, url, bench.Answerer)
	runner, err2 := called(t, b, cloud, url, bench.Runner)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	plan := audioPlan(100_000)
	plan.Timeout = time.Second
	run := benchtest.Disturbed(t, runner, plan, func() { cloud.DropSockets("again") })
	streams := 0
	for _, c := range run.Facts.Changes {
		if c.What == "audio stream" && c.From != c.To {
			streams++
		}
	}
	v := bench.Summarise(run).Validity
	if streams != 2 || run.Facts.Reconnects == 0 || v.Verdict != bench.Invalid || !v.Has("audio-changed") {
		t.Errorf("%d reconnects, changes %+v, %s %+v", run.Facts.Reconnects, run.Facts.Changes, v.Verdict, v.Grounds)
	}
}
