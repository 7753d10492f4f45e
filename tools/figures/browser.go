package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/chromedp"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/daily/standin"
)

const closedNetwork = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

// inBrowser measures the browser engine: against a bare page, against the wall clock, and against
// delays that are known.
func inBrowser(ctx context.Context, p place, binary, barePage string, pings int,
	row func(string, string, string)) error {
	fmt.Printf("\nbrowser engine, %d pings of each, alternating, native echo:\n", pings)
	engine, bare, run, memory, err := besideBare(ctx, p, barePage, pings)
	if err != nil {
		return err
	}
	row("  engine's page", fmt.Sprintf("p50 %.3f", quantile(engine, 0.5)),
		fmt.Sprintf("p95 %.3f", quantile(engine, 0.95)))
	row("  bare page on livekit-client", fmt.Sprintf("p50 %.3f", quantile(bare, 0.5)),
		fmt.Sprintf("p95 %.3f", quantile(bare, 0.95)))
	row("  p50, engine / bare page", fmt.Sprintf("%.2f", quantile(engine, 0.5)/quantile(bare, 0.5)), "≤ 1.15")
	row("  slots at most 5 ms late, native echo", onTime(run), "≥ 99 %")
	row("  memory of all Chromium processes, one page", fmt.Sprintf("%.0f MB", memory), "")

	local, err := command(ctx, binary, "livekit", "-s", p.url, "--api-key", p.key.Key, "--api-secret", p.key.Secret,
		"--engine", "browser", "-n", strconv.Itoa(pings), "-c", "30")
	if err != nil {
		return err
	}
	row("  slots at most 5 ms late, echo in a second context", local.onTime(), "(printed, not promised)")
	row("  command to first ping", fmt.Sprintf("%.1f s", local.firstPing.Seconds()), "≤ 3 s")
	if err := starts(ctx, p, binary, row); err != nil {
		return err
	}

	fmt.Println("\ndaily-js, delay of the stand-in as it really was:")
	return delays(ctx, binary, row)
}

// starts is the time from the command to its first ping with the browser that is found first and with full Chromium, in
// turn: on a machine with other work the ratio tells more than the seconds.
func starts(ctx context.Context, p place, binary string, row func(string, string, string)) error {
	full, err := exec.LookPath("chromium")
	if err != nil {
		row("  … with full Chromium", "not installed", "")
		return nil
	}
	var first, other []time.Duration
	for range 5 {
		for _, x := range []struct {
			args []string
			list *[]time.Duration
		}{{nil, &first}, {[]string{"--chrome-path", full}, &other}} {
			o, err := command(ctx, binary, append([]string{
				"livekit", "-s", p.url, "--api-key", p.key.Key, "--api-secret", p.key.Secret, "--engine", "browser",
				"-n", "5", "-c", "30",
			}, x.args...)...)
			if err != nil {
				return err
			}
			*x.list = append(*x.list, o.firstPing)
		}
	}
	a, b := quantile(first, 0.5), quantile(other, 0.5)
	row("  the same, median of 5, in turn with full Chromium", fmt.Sprintf("%.1f s, %.1f s", a/1e3, b/1e3),
		fmt.Sprintf("ratio %.2f", a/b))
	return nil
}

// besideBare runs the engine's page and the bare one in two browsers of one kind, on one grid.
func besideBare(ctx context.Context, p place, barePage string, pings int) (engine, bare []time.Duration, run bench.Run,
	memory float64, err error) {
	const period = 60 * time.Millisecond
	clock := bench.NewClock()
	for _, room := range []string{"page", "barepage"} {
		if err = serveEcho(ctx, p, room, clock); err != nil {
			return
		}
	}
	b, err := browser.Start(ctx, browser.Options{Environment: os.LookupEnv, ResolverRules: closedNetwork})
	if err != nil {
		return
	}
	defer b.Close()
	page, err := b.Open(ctx)
	if err != nil {
		return
	}
	if err = page.Join(ctx,
		browser.JoinConfig{Platform: "livekit", URL: p.url, Token: p.token("page", "runner")}); err != nil {
		return
	}
	memory = proportionalMB(b.Profile())
	var both sync.WaitGroup
	var bareErr error
	both.Go(func() { bare, bareErr = bareRun(ctx, p, barePage, pings, period) })
	both.Go(func() {
		run, err = page.Probe(ctx, bench.Plan{
			Count: pings, Cooldown: period, Timeout: 5 * time.Second, Warmup: 20, EchoTimeout: 20 * time.Second,
			ReconnectTimeout: 10 * time.Second, Aligned: true,
		}, nil)
	})
	both.Wait()
	return bench.Summarise(run).RTTs, bare, run, memory, errors.Join(err, bareErr)
}

func bareRun(ctx context.Context, p place, script string, pings int, period time.Duration) ([]time.Duration, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { // isolated as the engine's is: the same clock
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Cross-Origin-Embedder-Policy", "credentialless")
		fmt.Fprint(w, `<!doctype html><script src="bare.js"></script>`)
	})
	mux.HandleFunc("/bare.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, script) })
	server := &http.Server{Handler: mux}
	go server.Serve(l)
	defer server.Close()
	allocator, stop := chromedp.NewExecAllocator(ctx,
		append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("host-resolver-rules", closedNetwork))...)
	defer stop()
	tab, closeTab := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	defer closeTab()
	if err := chromedp.Do(tab, chromedp.Navigate("http://"+l.Addr().String()+"/")); err != nil {
		return nil, err
	}
	ms := period.Milliseconds()
	call := fmt.Sprintf("window.bare(%q, %q, %d, %d, %d)", p.url, p.token("barepage", "runner"), pings, ms, ms/2)
	list, err := chromedp.Run(tab, chromedp.Evaluate[[]float64](call, chromedp.EvalAwaitPromise))
	rtts := make([]time.Duration, len(list))
	for i, v := range list {
		rtts[i] = time.Duration(v * 1e6)
	}
	return rtts, err
}

func onTime(r bench.Run) string {
	good := 0
	for _, s := range r.Samples {
		if s.Outcome != bench.NotSent && s.Sent-s.Due <= 5*time.Millisecond {
			good++
		}
	}
	return fmt.Sprintf("%.1f %%", 100*float64(good)/float64(max(1, len(r.Samples))))
}

// proportionalMB is the memory of all processes of a browser, shared pages divided among them. The first names the
// profile, the others are its children, and theirs.
func proportionalMB(profile string) (total float64) {
	entries, _ := filepath.Glob("/proc/[0-9]*")
	parents, first := map[string]string{}, ""
	for _, dir := range entries {
		pid := filepath.Base(dir)
		stat, _ := os.ReadFile(dir + "/stat")
		if _, rest, ok := strings.Cut(string(stat), ") "); ok {
			parents[pid] = strings.Fields(rest)[1]
		}
		line, _ := os.ReadFile(dir + "/cmdline")
		if strings.Contains(string(line), profile) && !strings.Contains(string(line), "--type=") {
			first = pid
		}
	}
	for pid := range parents {
		of := false
		for at := pid; at != "" && !of; at = parents[at] {
			of = at == first
		}
		if !of {
			continue
		}
		data, _ := os.ReadFile("/proc/" + pid + "/smaps_rollup")
		for _, l := range strings.Split(string(data), "\n") {
			if f := strings.Fields(l); len(f) > 1 && f[0] == "Pss:" {
				kb, _ := strconv.ParseFloat(f[1], 64)
				total += kb / 1024
			}
		}
	}
	return total
}

// outcome is what one command line measured.
type outcome struct {
	rtt       map[int]time.Duration // by ping, of those answered
	firstPing time.Duration         // after the command was given; without its warm-up
	due, sent []float64
}

func (o outcome) onTime() string {
	good := 0
	for i := range o.due {
		if o.sent[i]-o.due[i] <= 5 {
			good++
		}
	}
	return fmt.Sprintf("%.1f %%", 100*float64(good)/float64(max(1, len(o.due))))
}

// command runs the program and reads its result.
func command(ctx context.Context, binary string, args ...string) (o outcome, err error) {
	dir, err := os.MkdirTemp("", "rtcbench-figures-")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "out.json")
	begin := time.Now()
	text, err := exec.CommandContext(ctx, binary,
		append(args, "-q", "-o", out, "--warmup", "0", "--chrome-resolver-rules", closedNetwork)...).CombinedOutput()
	if err != nil {
		return o, fmt.Errorf("%s: %w", strings.TrimSpace(string(text)), err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return o, err
	}
	var f struct {
		Measurements []struct {
			RTT    float64 `json:"round_trip_time"`
			Number int     `json:"message_number"`
		}
		Metadata struct {
			Start float64 `json:"start_time"`
		}
		Details struct {
			Samples struct {
				Due  []float64 `json:"due_ms"`
				Sent []float64 `json:"sent_ms"`
			}
		}
	}
	err = json.Unmarshal(data, &f)
	o.rtt = map[int]time.Duration{}
	for _, m := range f.Measurements {
		o.rtt[m.Number] = time.Duration(m.RTT * 1e6)
	}
	o.firstPing = time.Duration((f.Metadata.Start - float64(begin.UnixMicro())/1e6) * 1e9)
	o.due, o.sent = f.Details.Samples.Due, f.Details.Samples.Sent
	return o, err
}

// delays has the stand-in delay every second ping, and holds what was measured against what it really
// did. The floor is that of the pings between, so that both are of one rate and one moment.
func delays(ctx context.Context, binary string, row func(string, string, string)) error {
	for _, each := range []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 150 * time.Millisecond} {
		s, err := standin.Start()
		if err != nil {
			return err
		}
		s.SetFate(standin.Fate{Delay: each, Odd: true})
		cooldown := 2*each + 40*time.Millisecond // one ping under way at a time
		o, err := command(ctx, binary, "daily", "-r", s.AddRoom("delays"), "--echo", "local", "-n", "200", "-c",
			strconv.FormatInt(cooldown.Milliseconds(), 10), "--daily-bundle-url", s.BundleURL())
		logged := s.Delays()
		s.Close()
		if err != nil {
			return err
		}
		kept := map[int]time.Duration{} // by ping: its own and its pong's
		for _, d := range logged {
			var about struct{ Seq int }
			json.Unmarshal([]byte(d.Data), &about) // another message has none
			kept[about.Seq] += d.Took
		}
		var measured, real [2][]time.Duration // of even and of odd pings
		for seq, rtt := range o.rtt {
			measured[seq%2] = append(measured[seq%2], rtt)
			real[seq%2] = append(real[seq%2], kept[seq])
		}
		floor := quantile(measured[0], 0.5) - quantile(real[0], 0.5)
		off := quantile(measured[1], 0.5) - quantile(real[1], 0.5) - floor
		row(fmt.Sprintf("  2 × %v: measured − (real %.2f + floor %.2f)", each, quantile(real[1], 0.5), floor),
			fmt.Sprintf("%+.2f ms", off), "within ± 0.5 ms")
	}
	return nil
}
