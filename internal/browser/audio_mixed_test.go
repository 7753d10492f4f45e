package browser_test

import (
	"context"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

// inGo takes a seat for audio without a browser.
func inGo(t *testing.T, server *sandboxtest.Server, role bench.Role) bench.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	room := bench.Room{URL: server.URL, Token: audioToken(t, server, role, string(role))}
	s, err := livekit.Transport{}.Join(ctx, room,
		bench.JoinOptions{ReconnectTimeout: patience, Class: bench.RTPAudio, Role: role, Identity: string(role)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestAudioBetweenEngines: a page's pings are answered by an echo in Go, and those of Go by a page.
func TestAudioBetweenEngines(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	check := func(name string, run bench.Run, err error, up, down string) {
		t.Helper()
		c, f := run.Counts, run.Facts
		if err != nil || c.Answered != 40 || c.Lost+c.Malformed+c.Foreign != 0 || f.Transport != bench.RTPAudio ||
			len(f.Audio) != 2 || f.Audio[0].Stamped != up || f.Audio[1].Stamped != down {
			t.Errorf("%s: %+v, %+v, %v", name, c, f.Audio, err)
		}
	}
	t.Run("page to Go", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		s := inGo(t, server, bench.Answerer)
		go echo.Answer(ctx, s, bench.NewClock())
		runner := audible(t, b, server, bench.Runner, "")
		run, err := runner.Probe(t.Context(), audioPlan(40), nil)
		check("page to Go", run, err, bench.StampedWire, bench.StampedReceiveTime)
		runner.Close()
	})
	t.Run("Go to page", func(t *testing.T) {
		page := audible(t, b, server, bench.Answerer, "")
		s := inGo(t, server, bench.Runner)
		run, err := audio.Prober{Session: s, Clock: bench.NewClock()}.Probe(t.Context(), audioPlan(40), nil)
		check("Go to page", run, err, bench.StampedReceiveTime, bench.StampedWire)
		page.Close()
	})
}
