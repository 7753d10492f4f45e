package livekit_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/echo"
	"rtcbench/internal/ping"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

// patience is for what has to happen, on a machine that does much else at the same time.
const patience = time.Minute

func join(t *testing.T, server *sandboxtest.Server, name, identity string) bench.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := livekit.Transport{}.Join(ctx, room(t, server, name, identity),
		bench.JoinOptions{ReconnectTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func probe(t *testing.T, s bench.Session, count int) bench.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	run, err := ping.NewProber(s, bench.NewClock()).Probe(ctx, bench.Plan{
		Count: count, Cooldown: 20 * time.Millisecond, Timeout: patience, Warmup: 2,
		EchoTimeout: patience, ReconnectTimeout: patience,
	}, nil)
	if err != nil {
		t.Error(err)
	}
	return run
}

// TestOriginalRunner sends a ping as the original tool does and wants the pong that it reads.
func TestOriginalRunner(t *testing.T) {
	server := sandboxtest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	e, runner := join(t, server, "original", "echo"), join(t, server, "original", "runner")
	go echo.Answer(ctx, e, bench.NewClock())
	before := float64(time.Now().UnixMilli())
	if err := runner.Send(ctx,
		bench.Message{Payload: []byte(`{"type": "ping", "timestamp": 12345.678901}`)}); err != nil {
		t.Fatal(err)
	}
	packet, err := runner.Recv(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var pong struct {
		Type            string
		ClientTimestamp json.Number `json:"client_timestamp"`
		Received        float64     `json:"server_receive_time"`
		Sent            float64     `json:"server_send_time"`
		Count           int         `json:"message_count"`
		Seq             *int
	}
	if err := json.Unmarshal(packet.Payload, &pong); err != nil {
		t.Fatal(err)
	}
	after := float64(time.Now().UnixMilli()) + 1
	if pong.Type != "pong" || pong.ClientTimestamp != "12345.678901" || pong.Count != 1 || pong.Seq != nil ||
		pong.Received < before || pong.Sent < pong.Received || pong.Sent > after {
		t.Errorf("%s, between %f and %f", packet.Payload, before, after)
	}
}

// originalEcho answers as the original agent does, and as a sloppy one might: to everybody,
// and with every key of the ping in the pong. It begins when it has heard so many runners.
func originalEcho(ctx context.Context, s bench.Session, runners int) {
	heard := map[string]bool{}
	for count := 1; ; count++ {
		packet, err := s.Recv(ctx)
		if err != nil {
			return
		}
		var m map[string]any
		if heard[packet.From] = true; len(heard) < runners || json.Unmarshal(packet.Payload, &m) != nil ||
			m["type"] != "ping" {
			continue
		}
		now := float64(time.Now().UnixNano())/1e6 - 1.7e12 // its clock has an epoch of its own
		m["type"], m["client_timestamp"], m["message_count"] = "pong", m["timestamp"], count
		m["server_receive_time"], m["server_send_time"] = now, now
		payload, _ := json.Marshal(m)
		s.Send(ctx, bench.Message{Payload: payload})
	}
}

func TestTwoRunnersAndAnEchoThatShouts(t *testing.T) {
	server := sandboxtest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go originalEcho(ctx, join(t, server, "shout", "echo"), 2)
	var runs [2]bench.Run
	var seats [2]bench.Session
	for i := range seats {
		seats[i] = join(t, server, "shout", "runner-"+strconv.Itoa(i))
	}
	var both sync.WaitGroup
	for i := range runs {
		both.Go(func() { runs[i] = probe(t, seats[i], 50) })
	}
	both.Wait()
	for i, r := range runs {
		c := r.Counts
		if c.Answered != 50 || c.Duplicate != 0 || c.Malformed != 0 || c.Foreign == 0 || r.Echo.Kind != "original" ||
			len(r.Echo.Others) != 0 {
			t.Errorf("runner %d: %+v, echo %+v", i, c, r.Echo)
		}
		one := bench.Summarise(r).OneWay
		if !one.Known || one.Offset.Theta > -time.Hour || one.Up.P50.D <= 0 || one.Down.P50.D <= 0 {
			t.Errorf("runner %d: one-way %+v", i, one)
		}
	}
}

// TestEchoIsNotThrownOut: whatever a stranger in the room sends, the echo keeps its seat.
func TestEchoIsNotThrownOut(t *testing.T) {
	server := sandboxtest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	e, stranger := join(t, server, "rude", "echo"), join(t, server, "rude", "stranger")
	ended := make(chan error, 1)
	go func() { ended <- echo.Answer(ctx, e, bench.NewClock()) }()
	for _, text := range []string{
		`{"type":"ping","timestamp":1.` + strings.Repeat("0", 59_000) + `}`, strings.Repeat("[", 50_000), "\x00",
		`{"type":"ping","timestamp":1e999}`,
		`{"type":"ping","timestamp":1,"seq":` + strings.Repeat("9", 50_000) + `}`,
	} {
		if err := stranger.Send(ctx, bench.Message{Payload: []byte(text)}); err != nil {
			t.Fatal(err)
		}
	}
	if r := probe(t, stranger, 5); r.Counts.Answered != 5 {
		t.Errorf("%+v", r.Counts)
	}
	select {
	case err := <-ended:
		t.Errorf("the echo left: %v", err)
	default:
	}
}

func TestTwoEchoes(t *testing.T) {
	server := sandboxtest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, id := range []string{"echo-a", "echo-b"} {
		go echo.Answer(ctx, join(t, server, "two", id), bench.NewClock())
	}
	r := probe(t, join(t, server, "two", "runner"), 30)
	if c := r.Counts; c.Answered != 30 || c.Duplicate != 0 || c.Foreign == 0 || len(r.Echo.Others) != 1 {
		t.Errorf("%+v, echo %+v", c, r.Echo)
	}
	if d := bench.Summarise(r).Doubts; !slices.ContainsFunc(d, func(d bench.Doubt) bool {
		return d.Code == "many-echoes"
	}) {
		t.Errorf("doubts: %v", d)
	}
}

// TestAnotherServer: the run goes on when its server is replaced by another one, and is invalid.
func TestAnotherServer(t *testing.T) {
	server := sandboxtest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	go echo.Serve(ctx, echo.Seat{
		Join: func(ctx context.Context) (bench.Session, error) {
			return livekit.Transport{}.Join(ctx, room(t, server, "another", "echo"),
				bench.JoinOptions{ReconnectTimeout: echo.Patience})
		},
		Clock: bench.NewClock(), Within: patience, Ready: func(bench.Session) {}, Lost: func(error) {},
	})
	plan := bench.Plan{Count: 100_000, Cooldown: 20 * time.Millisecond, Timeout: time.Second, Warmup: 2,
		EchoTimeout: patience, ReconnectTimeout: patience}
	runner := join(t, server, "another", "runner")
	run := benchtest.Disturbed(t, ping.NewProber(runner, bench.NewClock()), plan, func() {
		server.Kill()
		server.Restart(t)
	})
	v := bench.Summarise(run).Validity
	if v.Verdict != bench.Invalid || !v.Has("region-changed") || len(run.Facts.Changes) != 1 ||
		run.Facts.Changes[0].What != "node" {
		t.Errorf("%s %+v, changes %+v", v.Verdict, v.Grounds, run.Facts.Changes)
	}
}

// TestEchoSurvivesItsServer kills and restarts the server, ten times.
func TestEchoSurvivesItsServer(t *testing.T) {
	const rounds = 10
	longer := 0 // in test-long the server stays away for longer, too
	if os.Getenv("RTCBENCH_LONG") != "" {
		longer = 3
	}
	server := sandboxtest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	ready, lost, served := make(chan struct{}, 100), make(chan error, 100), make(chan error, 1)
	go func() {
		served <- echo.Serve(ctx, echo.Seat{
			Join: func(ctx context.Context) (bench.Session, error) {
				return livekit.Transport{}.Join(ctx, room(t, server, "survivor", "echo"),
					bench.JoinOptions{ReconnectTimeout: echo.Patience})
			},
			Clock: bench.NewClock(), Within: patience,
			Ready: func(bench.Session) { ready <- struct{}{} },
			Lost:  func(err error) { lost <- err },
		})
	}()
	wait := func(limit time.Duration) {
		t.Helper()
		select {
		case <-ready:
		case err := <-served:
			t.Fatalf("the echo ended: %v", err)
		case <-time.After(limit):
			t.Fatalf("no echo in %v", limit)
		}
	}
	wait(patience)
	baseline := goroutines(0)
	for i := range rounds {
		server.Kill()
		for range map[int]int{3: 1 + longer, 7: 1 + longer}[i] { // stay away until the echo has failed that often
			select {
			case err := <-lost:
				t.Logf("round %d: %v", i+1, err)
			case <-time.After(patience):
				t.Fatal("the echo does not see that its server is gone")
			}
		}
		server.Restart(t)
		for len(lost) > 0 {
			<-lost
		}
		back := time.Now()
		answered(t, server, patience)
		t.Logf("round %d: answers %v after the server's return", i+1, time.Since(back).Round(time.Millisecond))
	}
	if n := goroutines(baseline); n > baseline {
		t.Errorf("%d goroutines after %d restarts, %d before", n, rounds, baseline)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	benchtest.NoLeak(t)
}

// answered joins the echo's room and pings until a pong comes.
func answered(t *testing.T, server *sandboxtest.Server, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	s, err := livekit.Transport{}.Join(ctx, room(t, server, "survivor", "runner"),
		bench.JoinOptions{ReconnectTimeout: limit})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = ping.NewProber(s, bench.NewClock()).Probe(ctx, bench.Plan{
		Count: 1, Cooldown: 10 * time.Millisecond, Timeout: limit, EchoTimeout: limit, ReconnectTimeout: limit,
	}, nil)
	if err != nil {
		t.Fatalf("no answer in %v: %v", limit, err)
	}
}

// goroutines is their number when it has come to rest, at enough or for good: the SDK sleeps for
// seconds between attempts to reconnect, also when nobody wants them any more. Connections
// that are kept for a next HTTP request do not count.
func goroutines(enough int) int {
	http.DefaultClient.CloseIdleConnections()
	n := runtime.NumGoroutine()
	for calm, deadline := 0, time.Now().Add(patience); time.Now().Before(deadline); calm++ {
		if m := runtime.NumGoroutine(); m != n {
			n, calm = m, 0
		}
		if n <= enough || enough == 0 && calm >= 20 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return n
}

func TestProber(t *testing.T) {
	server := sandboxtest.Start(t)
	rooms := 0
	benchtest.TestProber(t, func(t *testing.T, script benchtest.Script) bench.Prober {
		rooms++
		name := "prober-" + strconv.Itoa(rooms)
		go benchtest.PlaySession(join(t, server, name, "echo"), script)
		return ping.NewProber(join(t, server, name, "runner"), bench.NewClock())
	})
}
