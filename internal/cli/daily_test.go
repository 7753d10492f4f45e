package cli_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

func startStandin(t *testing.T) *standin.Server {
	t.Helper()
	benchtest.Heavy(t)
	s, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// daily runs rtcbench daily against the stand-in and returns its exit code and result.
func daily(t *testing.T, s *standin.Server, args ...string) (*process, string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.json")
	args = append([]string{
		"daily", "--daily-bundle-url", s.BundleURL(), "--daily-api-url", s.API(), "--chrome-resolver-rules",
		"MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"-o", out, "-q", "-v",
	}, args...)
	return start(t, args...), out
}

func ended(t *testing.T, p *process, out string, want int) result.File {
	t.Helper()
	if code := p.exit(t, time.Minute); code != want {
		t.Fatalf("exit code %d, want %d:\n%s", code, want, p.stderr())
	}
	if _, err := os.Stat(out); err != nil {
		return result.File{}
	}
	return readFile(t, out)
}

func TestDailyInARoomOfOurOwn(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	p, out := daily(t, s, "--api-key", s.Key, "-n", "30", "-c", "30", "--geo", "eu-central-1")
	f := ended(t, p, out, 0)
	d := f.Details
	isDaily(t, f, 30)
	if !d.Standin || d.Daily == nil || d.Daily.Topology != "sfu" || d.Daily.SFU != standin.SFU ||
		d.Daily.Geo != "eu-central-1" || !strings.HasPrefix(d.Daily.SignallingHost, "127.0.0.1:") {
		t.Errorf("daily: %+v, standin %v", d.Daily, d.Standin)
	}
	if len(s.Rooms()) != 0 || len(s.Deleted()) != 1 {
		t.Errorf("rooms left %v, deleted %v", s.Rooms(), s.Deleted())
	}
	hidden(t, p, out, s.Key, "standin-token")
}

// isDaily is what has to hold of n pings with an echo of our own, on Daily as on its stand-in: make live-daily
// asks the same of the real one.
func isDaily(t *testing.T, f result.File, n int) {
	t.Helper()
	d := f.Details
	if f.Platform != "daily" || f.Statistics.SuccessfulMessages == 0 || f.Statistics.TotalMessages != n ||
		d.Echo.Mode != "local" || d.Engine != "browser" {
		t.Errorf("%+v, %+v", f.Statistics, d.Echo)
	}
	if d.TransportClass == nil || *d.TransportClass != "signalling-websocket" {
		t.Errorf("transport class %v", d.TransportClass)
	}
	if d.Daily == nil || d.Daily.Topology != "sfu" || d.Daily.SFU == "" || d.Daily.SignallingHost == "" {
		t.Errorf("daily: %+v", d.Daily)
	}
	if !strings.HasPrefix(d.EngineVersion, "daily-js 0.92.2") || d.OneWay.Clocks != "synchronised" ||
		d.OneWay.Theta == nil {
		t.Errorf("%s, %+v", d.EngineVersion, d.OneWay)
	}
	if at := d.Connect; at.FirstPong == nil || *at.FirstPong <= 0 {
		t.Errorf("connect: %+v", at)
	}
}

// hidden fails when a secret is in what the program wrote.
func hidden(t *testing.T, p *process, out string, secrets ...string) {
	t.Helper()
	data, _ := os.ReadFile(out)
	for _, secret := range secrets {
		if strings.Contains(string(data)+p.stderr(), secret) {
			t.Errorf("a secret is in the output") // which is not shown again
		}
	}
}

func TestDailyMeasuresTheDelayOfTheStandin(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	s.SetFate(standin.Fate{Delay: 50 * time.Millisecond})
	p, out := daily(t, s, "-r", s.AddRoom("bench"), "--echo", "local", "-n", "30", "-c", "50")
	f := ended(t, p, out, 0)
	if least := *f.Statistics.MinRTT; least < 100 { // how much above that is this machine's
		t.Errorf("%v ms with a delay of 2 × 50", least)
	}
}

func TestDailyFailures(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	url := s.AddRoom("bench")
	short := []string{"-n", "20", "-c", "20"}
	t.Run("a join is refused", func(t *testing.T) {
		s.SetFate(standin.Fate{Reject: "exp-token"})
		defer s.SetFate(standin.Fate{})
		p, out := daily(t, s, append(short, "-r", url)...)
		ended(t, p, out, 1)
		if !strings.Contains(p.stderr(), "exp-token: Token expired") {
			t.Error(p.stderr())
		}
	})
	t.Run("nobody answers", func(t *testing.T) {
		p, out := daily(t, s, append(short, "-r", url, "--echo-timeout", "500ms")...)
		f := ended(t, p, out, 1)
		if !strings.Contains(p.stderr(), "no echo answered in 500ms, waiting for the first pong") ||
			f.Statistics.MeanRTT != nil {
			t.Errorf("%+v\n%s", f.Statistics, p.stderr())
		}
	})
	t.Run("the room expires during the run", func(t *testing.T) {
		p, out := daily(t, s, "-n", "100000", "-c", "20", "-r", url, "--echo", "local")
		p.waitForAnswers(t, 20)
		s.Expire("bench")
		f := ended(t, p, out, 1)
		lostOnlyWhatLeft(t, f)
		if f.Details.Ended != "disconnected" || f.Statistics.SuccessfulMessages < 20 {
			t.Errorf("ended %q, %+v", f.Details.Ended, f.Statistics)
		}
	})
	t.Run("the sockets drop and come back", func(t *testing.T) {
		p, out := daily(t, s, "-n", "400", "-c", "20", "-r", url, "--echo", "local", "--timeout", "1000",
			"--reconnect-timeout", "2m")
		p.waitForAnswers(t, 20)
		s.DropSockets("bench")
		f := ended(t, p, out, 0)
		lostOnlyWhatLeft(t, f)
		if f.Details.Counts.NotSent == 0 || f.Statistics.TotalMessages != 400 || *f.Details.Reconnects == 0 {
			t.Errorf("%+v, reconnects %d", f.Details.Counts, *f.Details.Reconnects)
		}
	})
	t.Run("answers come too late", func(t *testing.T) {
		s.SetFate(standin.Fate{Late: 150 * time.Millisecond})
		defer s.SetFate(standin.Fate{})
		p, out := daily(t, s, "-n", "100", "-c", "20", "-r", url, "--echo", "local", "--timeout", "200")
		f := ended(t, p, out, 1) // not one pong in time; those of the last pings come after the end
		if c := f.Details.Counts; c.Late == 0 || c.Late+c.Lost != 100 || f.Statistics.FailedMessages != 100 {
			t.Errorf("%+v", f.Details.Counts)
		}
	})
	t.Run("the platform goes silent", func(t *testing.T) {
		p, out := daily(t, s, "-n", "100000", "-c", "20", "-r", url, "--echo", "local", "--timeout", "300")
		p.waitForAnswers(t, 20)
		s.SetFate(standin.Fate{Silent: true})
		defer s.SetFate(standin.Fate{})
		for range 20 {
			p.waitForLine(t, "outcome=lost", time.Minute)
		}
		s.SetFate(standin.Fate{})
		p.waitForAnswers(t, 1) // silence does not end a run
		p.cmd.Process.Signal(os.Interrupt)
		f := ended(t, p, out, 130)
		lostOnlyWhatLeft(t, f)
		if f.Details.Counts.Lost < 20 || f.Details.Counts.Answered < 21 {
			t.Errorf("%+v", f.Details.Counts)
		}
	})
	t.Run("a message is too long", func(t *testing.T) {
		p, out := daily(t, s, append(short, "-r", url, "--payload", "5000")...)
		ended(t, p, out, 2)
		if !strings.Contains(p.stderr(), "4096") {
			t.Error(p.stderr())
		}
	})
	t.Run("the answer to making a room is lost", func(t *testing.T) {
		s.LoseAnswer()
		p, out := daily(t, s, append(short, "--api-key", s.Key)...)
		ended(t, p, out, 0)
		if left := s.Rooms(); len(left) != 1 { // the one of the other tests
			t.Errorf("rooms left: %v", left)
		}
	})
	t.Run("the key would travel in clear", func(t *testing.T) {
		p, out := daily(t, s, append(short, "--api-key", s.Key, "--daily-api-url", "http://192.0.2.1/v1")...)
		ended(t, p, out, 2)
		if !strings.Contains(p.stderr(), "the API key would travel in clear") {
			t.Error(p.stderr())
		}
	})
	for status, want := range map[int]string{
		401: "is --api-key right", 403: "is --api-key right", 404: "Daily answered 404", 500: "Daily has a problem",
	} {
		t.Run("REST answers "+want, func(t *testing.T) {
			s.AnswerWith(status, status, status, status, status)
			defer s.AnswerWith()
			if status == 500 {
				s.AnswerWith(status) // once: the next try works
			}
			p, out := daily(t, s, append(short, "--api-key", s.Key)...)
			if status == 500 {
				ended(t, p, out, 0)
				return
			}
			ended(t, p, out, 1)
			if !strings.Contains(p.stderr(), want) || strings.Contains(p.stderr(), s.Key) {
				t.Error(p.stderr())
			}
		})
	}
}

func TestDailyEchoAsAProcess(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	url := s.AddRoom("far")
	echo := start(t, "echo", "--platform", "daily", "-r", url, "--daily-bundle-url", s.BundleURL(),
		"--chrome-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	echo.waitForLine(t, "echo ready in room "+url, time.Minute)
	p, out := daily(t, s, "-r", url, "-n", "20", "-c", "20")
	f := ended(t, p, out, 0)
	if f.Details.Echo.Mode != "remote" || f.Statistics.SuccessfulMessages != 20 ||
		f.Details.OneWay.Clocks != "unknown" {
		t.Errorf("%+v, %+v", f.Details.Echo, f.Statistics)
	}
	s.Expire("far") // the echo comes back by itself
	echo.waitForLine(t, "echo ready in room", time.Minute)
	echo.cmd.Process.Signal(os.Interrupt)
	if code := echo.exit(t, 20*time.Second); code != 130 {
		t.Errorf("exit code %d, want 130:\n%s", code, echo.stderr())
	}
}

func TestBoth(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s := startStandin(t)
	s.SetFate(standin.Fate{Delay: 250 * time.Millisecond}) // far more than a busy machine adds to LiveKit
	out := filepath.Join(t.TempDir(), "both.json")
	args := []string{
		"both", "--daily-bundle-url", s.BundleURL(), "--daily-api-url", s.API(), "--chrome-resolver-rules",
		"MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"-n", "40", "-c", "100", "-o", out,
	}
	counted := filepath.Join(t.TempDir(), "summaries")
	p := startIn(t, []string{summariesEnv + "=" + counted}, append(args, "--daily-api-key", s.Key, "--max-p95", "30000",
		"--timeout", "30000")...)
	if code := p.exit(t, time.Minute); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, p.stderr())
	}
	if n, err := os.ReadFile(counted); string(n) != "2" { // each run once
		t.Errorf("%s runs were summed up, %v", n, err)
	}
	var both report.Both
	data, _ := os.ReadFile(out)
	if err := json.Unmarshal(data, &both); err != nil {
		t.Fatal(err)
	}
	c := both.Comparison
	// A machine that is too busy makes a run invalid, and then there is no verdict.
	faster, none := "not the same kind of path: livekit faster", "not the same kind of path: none: the run on "
	if c == nil || c.Alike || !c.Paired || c.Pairs == 0 || c.Verdict != faster && !strings.HasPrefix(c.Verdict, none) ||
		c.MedianDiff.CI95[0] <= 0 {
		t.Fatalf("%+v, started %f and %f, %+v %+v", c, both.Daily.Metadata.StartTime, both.Livekit.Metadata.StartTime,
			both.Daily.Details.Counts, both.Livekit.Details.Counts)
	}
	if len(both.Livekit.Details.ICE) == 0 {
		t.Error("no ICE pair")
	}
	for _, pair := range both.Livekit.Details.ICE {
		if pair.LocalAddress+pair.RemoteAddress != "" {
			t.Errorf("the file tells where this machine is: %+v", pair)
		}
	}
	// On one grid, half a period apart.
	phase := math.Mod((both.Daily.Metadata.StartTime-both.Livekit.Metadata.StartTime)*1000+10_000, 100)
	if math.Abs(phase-50) > 5 {
		t.Errorf("the grids are %.1f ms apart, want 50", phase)
	}

	s.SetFate(standin.Fate{Delay: 2 * time.Second})
	p = start(t, append(args, "--daily-api-key", s.Key, "--timeout", "30000", "--max-p95", "3900", "-n", "10")...)
	if code := p.exit(t, time.Minute); code != 3 ||
		!strings.Contains(p.stderr(), "daily: --max-p95 3900 ms is not kept") ||
		strings.Contains(p.stderr(), "livekit: --max") {
		t.Fatalf("exit code %d:\n%s", code, p.stderr())
	}

	p = start(t, append(args, "--daily-room", "http://127.0.0.1:1/nobody")...) // no such room
	if code := p.exit(t, time.Minute); code != 1 || !strings.Contains(p.stderr(), "daily: join Daily room") {
		t.Fatalf("exit code %d:\n%s", code, p.stderr())
	}
	both = report.Both{}
	data, _ = os.ReadFile(out)
	if err := json.Unmarshal(data, &both); err != nil {
		t.Fatal(err)
	}
	if both.Daily != nil || both.Comparison != nil || both.Livekit == nil ||
		both.Livekit.Statistics.SuccessfulMessages != 40 || !strings.Contains(both.Errors["daily"], "no-room") {
		t.Errorf("%+v", both.Errors)
	}
}

func TestCalibrate(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	p := start(t, "calibrate", "-n", "20", "-c", "20", "--chrome-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	if code := p.exit(t, 2*time.Minute); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, p.stderr())
	}
	var floors map[string]struct {
		P50 float64 `json:"p50_ms"`
	}
	data, err := os.ReadFile(filepath.Join(p.cmd.Dir, "cache", "rtcbench", "floors.json"))
	if err != nil || json.Unmarshal(data, &floors) != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	for _, key := range []string{"livekit/native/20ms", "livekit/browser/20ms", "daily/browser/20ms",
		"livekit/native/audio/20ms", "livekit/browser/audio/20ms", "daily/browser/audio/20ms"} {
		if floors[key].P50 <= 0 {
			t.Errorf("no floor of %s: %s", key, data)
		}
	}
	// A result made here afterwards carries the floor of its engine.
	out := filepath.Join(t.TempDir(), "out.json")
	again := exec.Command("rtcbench", "livekit", "-n", "5", "-c", "10", "-o", out)
	again.Env = p.cmd.Env
	table, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(table), "floor") {
		t.Fatalf("%v\n%s", err, table)
	}
	in := readFile(t, out).Details.Instrument
	if in.FloorRTT == nil || *in.FloorRTT != floors["livekit/native/20ms"].P50 || in.FloorAge == nil ||
		*in.FloorAge > 3600 {
		t.Errorf("%+v", in)
	}
	// … and one with longer rests between its pings does not: they are slower.
	again = exec.Command("rtcbench", "livekit", "-n", "5", "-c", "41", "-o", out)
	again.Env = p.cmd.Env
	if said, err := again.CombinedOutput(); err != nil || readFile(t, out).Details.Instrument.FloorRTT != nil {
		t.Errorf("%v\n%s", err, said)
	}
}
