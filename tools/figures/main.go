// Command figures measures what rtcbench promises of itself and prints a table (make bench). It
// is no test: machines differ, so what counts are ratios within one run.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
	"rtcbench/internal/ping"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/recorder"
	"rtcbench/internal/sandbox"
)

const childFlag = "server"

func main() {
	server := flag.Bool(childFlag, false, "be the server: for this program itself")
	binary := flag.String("rtcbench", "./rtcbench", "the program to start")
	node := flag.String("node", "tools/figures/node", "folder of the Node ping")
	bare := flag.String("bare", ".bin/bare.js", "the bare page of the browser figures")
	pings := flag.Int("n", 600, "pings of each kind")
	only := flag.String("only", "", "platforms, audio, service, weight, stores, compare or fleet: that part alone")
	runners := flag.Int("runners", 10_000, "runners of the hub of the fleet's figures")
	turns := flag.Int("turns", 20, "turns of a place that delivers, and of one that does not")
	flag.Parse()
	if *server {
		serve()
		return
	}
	os.Setenv("RTCBENCH_STORE", "none") // what the commands here measure is nobody's history
	fmt.Printf("%s, %s/%s, %d CPUs, %s\n\n", time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), runtime.Version())
	row("figure", "reached", "wanted")
	var failed []string
	for _, part := range []struct {
		name, title string
		measure     func() error
	}{
		{"platforms", "", func() error { return measure(*binary, *node, *bare, *pings) }},
		{"audio", "\naudio packets:", func() error { return sound(*pings) }},
		{"service", "\nthe echo service, and the function:", func() error { return services(*binary) }},
		{"weight", "\nwhat it weighs:", func() error { return weight(context.Background(), *binary) }},
		{"stores", "\nkeeping runs:", func() error { return stores(context.Background(), row) }},
		{"compare", "\ncomparing runs:", func() error { return comparison(context.Background(), *binary) }},
		{"fleet", "\na fleet:", func() error { return ofFleet(*binary, *runners, *turns) }},
	} {
		if *only != "" && *only != part.name {
			continue
		}
		if part.title != "" {
			fmt.Println(part.title)
		}
		watch := recorder.Machine{}.Watch()
		if err := part.measure(); err != nil { // the others are measured all the same
			row("  "+part.name+": a part of it", "not measured", "")
			fmt.Fprintf(os.Stderr, "figures: %s: %v\n", part.name, err)
			failed = append(failed, part.name)
		}
		quiet(watch)
	}
	if len(failed) > 0 {
		fmt.Fprintln(os.Stderr, "figures: not measured as a whole:", strings.Join(failed, ", "))
		os.Exit(1)
	}
}

// serve is the server in a process of its own; it tells its URL, key, secret and how long its
// start took, and ends with its standard input.
func serve() {
	begin := time.Now()
	s, err := sandbox.Start(sandbox.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode([]string{s.URL, s.Key, s.Secret, time.Since(begin).String()})
	os.Stdin.Read(make([]byte, 1))
}

type place struct {
	url   string
	key   livekit.Key
	start time.Duration
}

func startServer(ctx context.Context) (place, error) {
	cmd := exec.CommandContext(ctx, os.Args[0], "-"+childFlag)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		return place{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return place{}, err
	}
	if err := cmd.Start(); err != nil {
		return place{}, err
	}
	var told []string
	if err := json.NewDecoder(out).Decode(&told); err != nil || len(told) != 4 {
		return place{}, fmt.Errorf("the server did not start: %w", err)
	}
	took, err := time.ParseDuration(told[3])
	return place{told[0], livekit.Key{Key: told[1], Secret: told[2]}, took}, err
}

func (p place) token(room, identity string) string {
	token, err := p.key.Mint(room, identity, time.Hour)
	if err != nil {
		panic(err)
	}
	return token
}

func (p place) join(ctx context.Context, room, identity string) (bench.Session, error) {
	return livekit.Transport{}.Join(ctx, bench.Room{URL: p.url, Token: p.token(room, identity)},
		bench.JoinOptions{ReconnectTimeout: 5 * time.Second})
}

func row(what, reached, wanted string) { fmt.Printf("%-58s %-16s %s\n", what, reached, wanted) }

func measure(binary, node, bare string, pings int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	p, err := startServer(ctx)
	if err != nil {
		return err
	}
	ours, barest, theirs, err := alternate(ctx, p, node, pings)
	if err != nil {
		return err
	}
	fmt.Printf("\nround trip in ms, %d pings of each, alternating, against one server process:\n", pings)
	for _, k := range []struct {
		name string
		rtts []time.Duration
	}{{"  rtcbench", ours}, {"  barest loop on server-sdk-go", barest}, {"  @livekit/rtc-node", theirs}} {
		row(k.name, fmt.Sprintf("p50 %.3f", quantile(k.rtts, 0.5)), fmt.Sprintf("p95 %.3f", quantile(k.rtts, 0.95)))
	}
	if len(theirs) > 0 {
		row("  p50, rtcbench / rtc-node", fmt.Sprintf("%.2f", quantile(ours, 0.5)/quantile(theirs, 0.5)), "≤ 0.60")
	} else {
		row("  p50, rtcbench / rtc-node", "not measured", "≤ 0.60 (make bench installs the Node SDK)")
	}
	row("  p50, rtcbench / barest loop", fmt.Sprintf("%.2f", quantile(ours, 0.5)/quantile(barest, 0.5)), "≤ 1.10")

	fmt.Println("\nwhat a ping costs this process, echo and server elsewhere:")
	costly := costs(ctx, p, binary, row)
	fmt.Println("\nstarting:")
	row("  sandbox, in a fresh process", p.start.Round(time.Millisecond).String(), "≤ 500 ms")
	first, err := firstPong(ctx, p, binary)
	if err == nil {
		row("  process start to first pong, median of 9", fmt.Sprintf("%.0f ms", quantile(first, 0.5)), "≤ 150 ms")
		row("  … slowest", fmt.Sprintf("%.0f ms", quantile(first, 1)), "")
	}
	return errors.Join(costly, err, inBrowser(ctx, p, binary, bare, pings, row))
}

// services measures everything that stands in front of a server in a process of its own.
func services(binary string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	p, err := startServer(ctx)
	if err != nil {
		return err
	}
	return errors.Join(service(ctx, p, binary), onDaily(ctx, binary), function(ctx, p, binary))
}

func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

func quantile(d []time.Duration, q float64) float64 {
	if len(d) == 0 {
		return 0
	}
	s := slices.Clone(d)
	slices.Sort(s)
	return float64(s[int(q*float64(len(s)-1))]) / 1e6
}

// costs measures CPU time, allocations and memory of long runs.
func costs(ctx context.Context, p place, binary string, row func(string, string, string)) error {
	const count = 10_000
	e := exec.CommandContext(ctx, binary, "echo", "-s", p.url, "-t", p.token("costs", "echo"))
	e.Cancel = func() error { return e.Process.Signal(os.Interrupt) }
	if err := e.Start(); err != nil {
		return err
	}
	defer func() { e.Process.Signal(os.Interrupt); e.Wait() }()
	s, err := p.join(ctx, "costs", "runner")
	if err != nil {
		return err
	}
	defer s.Close()
	var early, late uint64
	settled := 0
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	plan := bench.Plan{Count: count, Cooldown: 2 * time.Millisecond, Timeout: time.Second,
		EchoTimeout: 10 * time.Second, ReconnectTimeout: 5 * time.Second}
	run, err := ping.NewProber(s, bench.NewClock()).Probe(ctx, plan, func(bench.Sample) {
		switch settled++; settled {
		case 1_000:
			early = heap()
		case count:
			late = heap()
		}
	})
	if err != nil {
		return err
	}
	row(fmt.Sprintf("  heap after %d pings − after 1,000", count), fmt.Sprintf("%+d bytes", int64(late)-int64(early)),
		"none but samples")
	row("  … a ping", fmt.Sprintf("%.1f bytes", max(0, float64(late)-float64(early))/(count-1_000)), "≤ 100")

	var before, after runtime.MemStats
	plan.Count, plan.Cooldown = 2_000, 0
	runtime.ReadMemStats(&before)
	cpu := cpuTime()
	if run, err = ping.NewProber(s, bench.NewClock()).Probe(ctx, plan, nil); err != nil {
		return err
	}
	cpu = cpuTime() - cpu
	runtime.ReadMemStats(&after)
	n := float64(run.Counts.Sent)
	row("  CPU time a ping, SDK included", fmt.Sprintf("%.0f µs", float64(cpu.Microseconds())/n), "")
	row("  allocations a ping, SDK included (bench itself: 0)",
		fmt.Sprintf("%.0f, %.1f KB", float64(after.Mallocs-before.Mallocs)/n,
			float64(after.TotalAlloc-before.TotalAlloc)/n/1024), "")
	return nil
}

// firstPong starts the program and reads from its result when the first pong had come.
func firstPong(ctx context.Context, p place, binary string) (list []time.Duration, err error) {
	dir, err := os.MkdirTemp("", "rtcbench-figures-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "out.json")
	for range 9 {
		cmd := exec.CommandContext(ctx, binary, "livekit", "-s", p.url, "--api-key", p.key.Key, "--api-secret",
			p.key.Secret,
			"-n", "1", "-c", "10", "--warmup", "0", "-q", "-o", out)
		begin := time.Now()
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, errors.New(strings.TrimSpace(string(text)))
		}
		data, err := os.ReadFile(out)
		if err != nil {
			return nil, err
		}
		var f struct {
			Metadata struct {
				Start float64 `json:"start_time"` // without a warm-up: when the first pong came
			}
		}
		if err := json.Unmarshal(data, &f); err != nil {
			return nil, err
		}
		list = append(list, time.Duration((f.Metadata.Start-float64(begin.UnixMicro())/1e6)*1e9))
	}
	return list, nil
}

// serveEcho answers in one room until ctx ends.
func serveEcho(ctx context.Context, p place, room string, clock bench.Clock) error {
	s, err := p.join(ctx, room, "echo")
	if err != nil {
		return err
	}
	go func() {
		echo.Answer(ctx, s, clock)
		s.Close()
	}()
	return nil
}
