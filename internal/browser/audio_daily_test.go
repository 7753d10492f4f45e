package browser_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/daily/standin"
)

// called takes a seat for audio in a room of a stand-in for Daily.
func called(t *testing.T, b *browser.Browser, cloud *standin.Server, url string, role bench.Role) (*browser.Page,
	error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := b.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	err = p.Join(ctx, of(browser.JoinConfig{Platform: "daily", URL: url, BundleURL: cloud.BundleURL(), Role: role,
		Class: bench.RTPAudio, UserName: string(role)}))
	if err == nil && role == bench.Answerer {
		err = p.Echo(ctx)
	}
	return p, err
}

// onDailyByAudio measures n pings in a room of its own, with what befalls them.
func onDailyByAudio(t *testing.T, b *browser.Browser, fate standin.Fate, n int) bench.Run {
	t.Helper()
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	cloud.SetFate(fate)
	url := cloud.AddRoom("audio")
	echo, err := called(t, b, cloud, url, bench.Answerer)
	if err != nil {
		t.Fatal(err)
	}
	runner, err := called(t, b, cloud, url, bench.Runner)
	if err != nil {
		t.Fatal(err)
	}
	plan := audioPlan(n)
	plan.Timeout = 5 * time.Second
	run, err := runner.Probe(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	runner.Close()
	echo.Close()
	return run
}

// lost notes the pings and pongs that it loses, by the numbers of the pings.
type lost struct {
	mu       sync.Mutex
	up, down map[uint32]bool
}

func (l *lost) lose(_ string, payload []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, v := audio.Decode(payload)
	switch {
	case v != audio.Ours || r.Seq == 0:
		return false
	case r.Type == audio.Ping && r.Seq%10 == 3:
		l.up[r.Seq] = true
		return true
	case r.Type == audio.Pong && r.Seq%10 == 7:
		l.down[r.Seq] = true
		return true
	}
	return false
}

// TestDailyAudio: by daily-js itself each ping has a round trip of its own, with the delay that it got; and what is
// lost is told by its way, ping by ping.
func TestDailyAudio(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	b := start(t)
	l := lost{up: map[uint32]bool{}, down: map[uint32]bool{}}
	const delay = 30 * time.Millisecond
	run := onDailyByAudio(t, b, standin.Fate{Delay: delay, Audio: standin.Audio{Lose: l.lose}}, 60)
	c := run.Counts
	if c.Sent != 60 || c.Lost != len(l.up)+len(l.down) || c.Answered != c.Sent-c.Lost || c.Lost < 10 ||
		run.Ways.Up != len(l.up) || run.Ways.Down != len(l.down) {
		t.Errorf("%+v, %+v; lost were %v and %v", c, run.Ways, l.up, l.down)
	}
	for _, s := range run.Samples {
		if s.Outcome == bench.Lost && (s.Reason == bench.OnWayUp) != l.up[s.Seq] {
			t.Errorf("ping %d was lost %v", s.Seq, s.Reason)
		}
		if s.Outcome == bench.Answered && (s.RTT < 2*delay || s.Up < delay) {
			t.Errorf("%+v", s)
		}
	}
	checkAudioFacts(t, run.Facts)
	if s := bench.Summarise(run); s.Validity.Verdict == bench.Invalid && s.Validity.Has("red") {
		t.Errorf("%+v", s.Validity)
	}
}

// TestDailyRed: with RED the run goes on, and is invalid for that.
func TestDailyRed(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	run := onDailyByAudio(t, start(t), standin.Fate{Audio: standin.Audio{RED: true}}, 30)
	s := bench.Summarise(run)
	if run.Counts.Answered == 0 || s.Validity.Verdict != bench.Invalid || !s.Validity.Has("red") {
		t.Errorf("%+v, %+v, %+v", run.Counts, s.Validity, run.Facts.Audio)
	}
}

// TestDailyDTX: that the encoder may fall silent is a fact of both legs.
func TestDailyDTX(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	run := onDailyByAudio(t, start(t), standin.Fate{Audio: standin.Audio{DTX: true}}, 5)
	if len(run.Facts.Audio) != 2 || !run.Facts.Audio[0].DTX {
		t.Errorf("%+v", run.Facts.Audio)
	}
}

// TestDailyTwoRunners: an echo has one track there, and answers two runners on it at the same time; so does another.
func TestDailyTwoRunners(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	b := start(t)
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	url := cloud.AddRoom("two")
	var pages [2]*browser.Page
	for i := range pages {
		if _, err := called(t, b, cloud, url, bench.Answerer); err != nil {
			t.Fatal(err)
		}
		if pages[i], err = called(t, b, cloud, url, bench.Runner); err != nil {
			t.Fatal(err)
		}
	}
	checkMany(t, pages)
}

// TestDailyMuted: whose microphone is taken sends no pings, and does again when it is given back.
func TestDailyMuted(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	b := start(t)
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	url := cloud.AddRoom("muted")
	_, err = called(t, b, cloud, url, bench.Answerer)
	runner, err2 := called(t, b, cloud, url, bench.Runner)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	answered, muted := 0, false
	run, _ := runner.Probe(ctx, audioPlan(1<<20), func(s bench.Sample) {
		switch {
		case s.Outcome == bench.NotSent && s.Reason == bench.Muted && !muted:
			muted, answered = true, 0
			cloud.Mute("muted", string(bench.Runner), false)
		case s.Outcome == bench.Answered:
			answered++
		}
		if answered == 20 && !muted {
			cloud.Mute("muted", string(bench.Runner), true)
		} else if answered == 20 {
			stop()
		}
	})
	if !muted || answered < 20 || run.Ended != bench.Interrupted {
		t.Errorf("%+v, %d answered since, ended %q: %v", run.Counts, answered, run.Ended, run.Err)
	}
}

// TestDailyNotOpus: where the platform has agreed on another codec, nothing can ride it: the join fails and says so.
func TestDailyNotOpus(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	cloud.SetFate(standin.Fate{Audio: standin.Audio{Codec: "audio/PCMU"}})
	_, err = called(t, start(t), cloud, cloud.AddRoom("pcmu"), bench.Runner)
	want := "the audio of this room is audio/PCMU, and a ping rides in packets of Opus alone: let the room use Opus, " +
		"or measure by messages"
	if err == nil || err.Error() != want {
		t.Error(err)
	}
}
