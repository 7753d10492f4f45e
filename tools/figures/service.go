package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
	"rtcbench/internal/ping"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/platform/livekit"
)

// service measures the echo service: how soon a room is there, what many of them cost, and how long pings are held
// then.
func service(ctx context.Context, p place, binary string) error {
	url, stop, err := startEcho(ctx, binary, nil, "-s", p.url, "--api-key", p.key.Key, "--api-secret", p.key.Secret)
	if err != nil {
		return err
	}
	defer stop()
	agent := echo.Client{URL: url}
	var opened []time.Duration
	for i := range 60 {
		begin := time.Now()
		in, err := agent.Connect(ctx, "livekit")
		if err != nil {
			return err
		}
		if i >= 10 { // without what is made once
			opened = append(opened, time.Since(begin))
		}
		if err := agent.Disconnect(ctx, in.RoomID); err != nil {
			return err
		}
	}
	row("  POST /connect until the echo is in the room, P50", fmt.Sprintf("%.0f ms", quantile(opened, 0.5)), "")
	row("  … P95", fmt.Sprintf("%.0f ms", quantile(opened, 0.95)), "≤ 100 ms")
	return manyRooms(ctx, url, agent)
}

// manyRooms pings in fifty rooms at a time.
func manyRooms(ctx context.Context, url string, agent echo.Client) error {
	const rooms, pings = 50, 200
	heap, resident, err := memory(url)
	if err != nil {
		return err
	}
	var all, ready sync.WaitGroup
	var mu sync.Mutex
	var holds, rtts []time.Duration
	var failed error
	ready.Add(rooms)
	for i := range rooms {
		all.Go(func() {
			run, err := inRoom(ctx, agent, pings, time.Duration(i)*2*time.Millisecond, &ready)
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
			for _, s := range run.Samples {
				if s.Stamped {
					holds, rtts = append(holds, s.Hold), append(rtts, s.RTT)
				}
			}
		})
	}
	ready.Wait()
	heapThen, residentThen, err := memory(url)
	all.Wait()
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	row(fmt.Sprintf("  hold time in %d rooms at 10 pings/s, P50", rooms), fmt.Sprintf("%.3f ms", quantile(holds, 0.5)),
		"")
	row("  … P99", fmt.Sprintf("%.3f ms", quantile(holds, 0.99)), "≤ 1 ms")
	row("  round trip meanwhile, server, service and runners on this machine",
		fmt.Sprintf("p50 %.2f", quantile(rtts, 0.5)), fmt.Sprintf("p95 %.2f", quantile(rtts, 0.95)))
	row("  memory a room, heap", fmt.Sprintf("%.2f MB", (heapThen-heap)/rooms/(1<<20)), "≤ 1.5 MB")
	row("  memory a room, resident", fmt.Sprintf("%.2f MB", (residentThen-resident)/rooms/(1<<20)), "≤ 1.5 MB")
	return nil
}

func inRoom(ctx context.Context, agent echo.Client, pings int, phase time.Duration, ready *sync.WaitGroup) (
	run bench.Run, err error) {
	here := sync.OnceFunc(ready.Done)
	defer here()
	in, err := agent.Connect(ctx, "livekit")
	if err != nil {
		return run, err
	}
	defer agent.Disconnect(ctx, in.RoomID)
	s, err := livekit.Transport{}.Join(ctx, bench.Room{URL: in.Rooms["livekit"].URL, Token: in.Rooms["livekit"].Token},
		bench.JoinOptions{ReconnectTimeout: 5 * time.Second})
	if err != nil {
		return run, err
	}
	defer s.Close()
	here()
	ready.Wait()
	return ping.NewProber(s, bench.NewClock()).Probe(ctx, bench.Plan{
		Count: pings, Cooldown: 100 * time.Millisecond, Timeout: 5 * time.Second, EchoTimeout: 20 * time.Second,
		ReconnectTimeout: 5 * time.Second, Aligned: true, Phase: phase,
	}, nil)
}

// onDaily measures what an echo on Daily costs: a page of a browser.
func onDaily(ctx context.Context, binary string) error {
	s, err := standin.Start()
	if err != nil {
		return err
	}
	defer s.Close()
	dir, err := os.MkdirTemp("", "rtcbench-figures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	url, stop, err := startEcho(ctx, binary, []string{"TMPDIR=" + dir}, "--platform", "daily", "--daily-api-key", s.Key,
		"--daily-api-url", s.API(), "--daily-bundle-url", s.BundleURL(), "--chrome-resolver-rules", closedNetwork)
	if err != nil {
		return err
	}
	defer stop()
	agent := echo.Client{URL: url}
	first, err := agent.Connect(ctx, "daily") // the browser's own cost is in the first room
	if err != nil {
		return err
	}
	one := proportionalMB(dir)
	const more = 3
	ids := []string{first.RoomID}
	var opened []time.Duration
	for range more {
		begin := time.Now()
		in, err := agent.Connect(ctx, "daily")
		if err != nil {
			return err
		}
		opened = append(opened, time.Since(begin))
		ids = append(ids, in.RoomID)
	}
	row("  Daily: Chromium with one room / each further room",
		fmt.Sprintf("%.0f / %.0f MB", one, (proportionalMB(dir)-one)/more), "(printed, not promised)")
	row("  Daily: POST /connect until the echo is in the room, P50", fmt.Sprintf("%.0f ms", quantile(opened, 0.5)),
		"(on the stand-in)")
	for _, id := range ids {
		if err := agent.Disconnect(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// startEcho starts the service in a process of its own.
func startEcho(ctx context.Context, binary string, env []string, args ...string) (url string, stop func(), err error) {
	cmd := exec.CommandContext(ctx, binary,
		append([]string{"echo", "--listen", "127.0.0.1:0", "--rate-limit", "100000"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() }
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url = regexp.MustCompile(`http://\S+:\d+`).FindString(lines.Text()); url != "" {
			go io.Copy(io.Discard, out)
			return url, stop, nil
		}
	}
	stop()
	return "", nil, errors.New("the echo service did not start")
}

// memory reads a service's heap and resident memory from its metrics, in bytes.
func memory(url string) (heap, resident float64, err error) {
	answer, err := http.Get(url + "/metrics")
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "go_memstats_heap_alloc_bytes":
			heap, err = strconv.ParseFloat(value, 64)
		case "process_resident_memory_bytes":
			resident, err = strconv.ParseFloat(value, 64)
		}
	}
	return heap, resident, err
}

// function measures the binary as an AWS Lambda function: its cold start, and how soon it pings after an event.
func function(ctx context.Context, p place, binary string) error {
	events, asked := make(chan time.Time), make(chan struct{}, 1)
	answers := make(chan []byte)
	l, err := listen()
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/next") {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusAccepted)
			answers <- body
			return
		}
		select {
		case asked <- struct{}{}:
		default:
		}
		select {
		case <-events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "id")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn",
				"arn:aws:lambda:eu-central-1:123456789012:function:rtcbench")
			io.WriteString(w, `{"iterations": 1, "cooldown": 10, "warmup": 0}`)
		case <-r.Context().Done():
		}
	})}
	go server.Serve(l)
	defer server.Close()
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+l.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=f",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512", "AWS_LAMBDA_FUNCTION_VERSION=1",
		"LIVEKIT_URL="+p.url, "LIVEKIT_API_KEY="+p.key.Key, "LIVEKIT_API_SECRET="+p.key.Secret)
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	<-asked
	row("  Lambda: process start until it asks for an event", fmt.Sprintf("%.0f ms", float64(time.Since(begin))/1e6),
		"")
	var took []time.Duration
	for range 9 {
		begin := time.Now()
		events <- begin
		var f struct {
			Metadata struct {
				Start float64 `json:"start_time"`
			}
			ErrorMessage string
		}
		if err := json.Unmarshal(<-answers, &f); err != nil || f.ErrorMessage != "" {
			return fmt.Errorf("the function: %s %w", f.ErrorMessage, err)
		}
		took = append(took, time.Duration((f.Metadata.Start-float64(begin.UnixNano())/1e9)*1e9))
	}
	row("  Lambda: from an event to the first ping, native, median of 9", fmt.Sprintf("%.0f ms", quantile(took, 0.5)),
		"≤ 300 ms")
	return nil
}
