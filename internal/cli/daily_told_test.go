package cli_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/result"
)

// TestDailyIsTold: what Daily says of itself comes out in words, once, and what it does not know is no doubt.
func TestDailyIsTold(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	url := s.AddRoom("told")
	failing := func(name string, fate standin.Fate, want string) {
		t.Run(name, func(t *testing.T) {
			s.SetFate(fate)
			defer s.SetFate(standin.Fate{})
			p, out := daily(t, s, "-n", "5", "-r", url)
			ended(t, p, out, 1)
			if !strings.Contains(p.stderr(), want) {
				t.Error(p.stderr())
			}
		})
	}
	failing("a room with knocking", standin.Fate{Lobby: true}, "lobby: guests have to knock at this room")
	failing("a library that is too old", standin.Fate{Reject: "end-of-life"}, "no longer: update rtcbench")
	t.Run("a topology that is not known", func(t *testing.T) {
		s.SetFate(standin.Fate{Topology: "none"})
		defer s.SetFate(standin.Fate{})
		p, out := daily(t, s, "-n", "5", "-r", url, "--echo", "local")
		d := ended(t, p, out, 0).Details
		if d.Daily == nil || d.Daily.Topology != "" ||
			slices.ContainsFunc(d.Doubts, func(d result.Doubt) bool { return d.Code == "topology" }) {
			t.Errorf("%+v, %+v", d.Daily, d.Doubts)
		}
	})
	t.Run("a region that rtcbench does not know", func(t *testing.T) {
		p, out := daily(t, s, "-n", "5", "--api-key", s.Key, "--geo", "mars-north-1")
		ended(t, p, out, 0)
		if !strings.Contains(p.stderr(), "--geo mars-north-1 is not among the regions") {
			t.Error(p.stderr())
		}
	})
	t.Run("an end", func(t *testing.T) {
		p, out := daily(t, s, "-n", "500", "-c", "20", "-r", url, "--echo", "local")
		p.waitForLine(t, "seq=5 ", time.Minute)
		s.Expire("told")
		ended(t, p, out, 1)
		if n := strings.Count(p.stderr(), "session ended"); n != 1 {
			t.Errorf("said %d times:\n%s", n, p.stderr())
		}
	})
}

// TestDailyEndsInTime: --connect-timeout bounds each phase of a join, is not cut short, and the error names the phase.
func TestDailyEndsInTime(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	silent, err := net.Listen("tcp4", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	const limit = 6 * time.Second
	for phase, args := range map[string][]string{
		"no answer from " + silent.Addr().String(): {"--api-key", "k", "--daily-api-url", "http://" +
			silent.Addr().String() + "/v1"},
		"daily-js had not loaded its call machine": {"-r", s.AddRoom("late"), "--echo", "local", "--daily-bundle-url",
			"http://" + silent.Addr().String()},
	} {
		begin := time.Now()
		p, out := daily(t, s, append(args, "-n", "5", "--connect-timeout", limit.String())...)
		ended(t, p, out, 1)
		if took := time.Since(begin); took < limit || !strings.Contains(p.stderr(), phase) ||
			!strings.Contains(p.stderr(), "--connect-timeout waits longer") {
			t.Errorf("%q after %v:\n%s", phase, took, p.stderr())
		} else {
			t.Logf("%q after %v", phase, took)
		}
	}
}
