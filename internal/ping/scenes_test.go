package ping_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/loopback"
	"rtcbench/internal/ping"
)

// testdata/scenes/README.md says what a scene is. web/test/scenes.test.ts plays the same ones to the page's loop.
type (
	playedScene struct {
		Says   string
		Plan   scenePlan
		Echoes map[string]struct{ Up, Down way }
		Blocks map[string]float64
		Fails  map[string]string
		Events []sceneEvent
		Want   sceneWant
	}
	// way has the delays of a message's copies, in ms, by the number of the ping; "*" = of all others.
	way       map[string][]float64
	scenePlan struct {
		Count            int
		Cooldown         float64 `json:"cooldown_ms"`
		Timeout          float64 `json:"timeout_ms"`
		Warmup           int
		EchoTimeout      float64 `json:"echo_timeout_ms"`
		ReconnectTimeout float64 `json:"reconnect_timeout_ms"`
		Aligned          bool
		Phase            float64 `json:"phase_ms"`
		Echo             string
	}
	sceneEvent struct {
		At            float64 `json:"at_ms"`
		Link          string
		End           *string
		Stop          bool
		From, Message string
	}
	sceneWant struct {
		Ended, Error string
		Counts       map[string]int
		Strays       int
		Ways         *bench.Ways
		Echo         *struct {
			Identity, Kind *string
			Others         []string
			Unmatched      *int
		}
		FirstPong *float64 `json:"first_pong_ms"`
		Took      *float64 `json:"took_ms"`
		Modulo    *float64 `json:"start_modulo_cooldown_ms"`
		Samples   map[string][]any
	}
)

func fromMillis(v float64) time.Duration { return time.Duration(math.Round(v * float64(ms))) }

func (w way) of(seq uint32) []float64 {
	for _, key := range []string{strconv.Itoa(int(seq)), "*"} {
		if delays, ok := w[key]; ok {
			return delays
		}
	}
	return []float64{0}
}

// TestScenes plays every scene to this loop.
func TestScenes(t *testing.T) {
	files, err := filepath.Glob("../../testdata/scenes/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d scenes, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".json"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sc := playedScene{Plan: scenePlan{5, 100, 500, 5, 10_000, 10_000, false, 0, ""}}
			d := json.NewDecoder(bytes.NewReader(data))
			d.DisallowUnknownFields()
			if err := d.Decode(&sc); err != nil {
				t.Fatal(err)
			}
			if sc.Echoes == nil {
				sc.Echoes = map[string]struct{ Up, Down way }{"echo": {}}
			}
			run, err := sc.play(t)
			sc.Want.check(t, run, err)
		})
	}
}

func (sc playedScene) plan() bench.Plan {
	p := sc.Plan
	return bench.Plan{
		Count: p.Count, Cooldown: fromMillis(p.Cooldown), Timeout: fromMillis(p.Timeout), Warmup: p.Warmup,
		Echo:        p.Echo,
		EchoTimeout: fromMillis(p.EchoTimeout), ReconnectTimeout: fromMillis(p.ReconnectTimeout),
		Aligned: p.Aligned, Phase: fromMillis(p.Phase),
	}
}

// stage is the room of a scene.
type stage struct {
	loopback.Transport
	seats map[string]bench.Session
	stop  func()
}

func (st *stage) seat(t *testing.T, identity string, patience time.Duration) bench.Session {
	options := bench.JoinOptions{Identity: identity, ReconnectTimeout: patience}
	s, err := st.Join(t.Context(), bench.Room{Name: "room"}, options)
	if err != nil {
		t.Fatal(err)
	}
	st.seats[identity] = s
	return s
}

func (sc playedScene) play(t *testing.T) (run bench.Run, err error) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		st := &stage{seats: map[string]bench.Session{}, stop: stop}
		clock := bench.NewClock()
		runner := st.seat(t, "runner", fromMillis(sc.Plan.ReconnectTimeout))
		for identity, ways := range sc.Echoes {
			go (&sceneEcho{Session: st.seat(t, identity, 0), up: ways.Up, down: ways.Down, clock: clock}).answer()
		}
		began := time.Now()
		for _, e := range sc.Events {
			if e.From != "" && st.seats[e.From] == nil {
				st.seat(t, e.From, 0)
			}
			if e.At == 0 {
				st.happen(e)
				continue
			}
			time.AfterFunc(fromMillis(e.At)-time.Since(began), func() { st.happen(e) })
		}
		run, err = ping.NewProber(&sceneSession{runner, sc}, clock).Probe(ctx, sc.plan(), nil)
		stop()
		st.End("room")
		for _, s := range st.seats {
			s.Close()
		}
		time.Sleep(time.Hour) // until nothing is under way
	})
	return run, err
}

func (st *stage) happen(e sceneEvent) {
	switch {
	case e.Link == "down":
		st.Cut("room", "runner")
	case e.Link == "up":
		st.Restore("room", "runner")
	case e.End != nil:
		st.Transport.End("room")
	case e.Stop:
		st.stop()
	default:
		st.seats[e.From].Send(context.Background(),
			bench.Message{Payload: []byte(e.Message), To: "runner", Class: bench.DataChannelLossy})
	}
}

// sceneSession is the runner's, with the send calls that the scene wants.
type sceneSession struct {
	bench.Session
	playedScene
}

func (s *sceneSession) Send(ctx context.Context, m bench.Message) error {
	ping, _ := ping.DecodePing(m.Payload)
	key := strconv.Itoa(int(ping.Number()))
	switch text := s.Fails[key]; text {
	case "":
	case bench.ErrNotConnected.Error():
		return bench.ErrNotConnected
	default:
		return errors.New(text)
	}
	if blocked := s.Blocks[key]; blocked > 0 {
		select {
		case <-time.After(fromMillis(blocked)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.Session.Send(ctx, m)
}

// sceneEcho answers as an echo of ours does, over ways whose delays are the scene's.
type sceneEcho struct {
	bench.Session
	up, down way
	clock    bench.Clock

	mu   sync.Mutex
	seen bench.Seen
}

func (e *sceneEcho) answer() {
	for {
		p, err := e.Recv(context.Background())
		if err != nil {
			return
		}
		if ping, ok := ping.DecodePing(p.Payload); ok {
			for _, d := range e.up.of(ping.Number()) {
				e.after(d, func() { e.pong(ping) })
			}
		}
	}
}

// after does something after so many ms; at once in this goroutine, so that what comes at one time keeps its order.
func (e *sceneEcho) after(d float64, do func()) {
	if d == 0 {
		do()
		return
	}
	time.AfterFunc(fromMillis(d), do)
}

func (e *sceneEcho) pong(asked ping.Ping) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen.Note(asked.Number())
	now := e.clock.UnixMilli(time.Now())
	payload := ping.AppendPong(nil, asked, ping.Stamps{Received: now, Sent: now}, e.seen.Count, &e.seen)
	for _, d := range e.down.of(asked.Number()) {
		e.after(d, func() {
			e.Send(context.Background(), bench.Message{Payload: payload, To: "runner", Class: bench.DataChannelLossy})
		})
	}
}

func (w sceneWant) check(t *testing.T, r bench.Run, err error) {
	kinds := map[string]error{"complete": nil, "interrupted": context.Canceled, "deadline": bench.ErrNoEcho}
	kind, one := kinds[w.Ended]
	if string(r.Ended) != w.Ended || !strings.Contains(fmt.Sprint(err), w.Error) || one && !errors.Is(err, kind) {
		t.Errorf("ended %q, %v; want %q, %q", r.Ended, err, w.Ended, w.Error)
	}
	counts := map[string]int{}
	for _, x := range bench.CountList {
		counts[x.Key] = *x.Of(&r.Counts)
	}
	for key, want := range w.Counts {
		if n, known := counts[key]; !known || n != want {
			t.Errorf("%s: %d, want %d; samples: %v", key, n, want, outcomes(r))
		}
	}
	if text := fmt.Sprintf("while %s came", bench.Many(w.Strays, "pong")); w.Strays > 0 &&
		!strings.Contains(fmt.Sprint(err), text) {
		t.Errorf("%v, want %q", err, text)
	}
	if w.Ways != nil && r.Ways != *w.Ways {
		t.Errorf("ways %+v, want %+v", r.Ways, *w.Ways)
	}
	if e := w.Echo; e != nil {
		if e.Identity != nil && *e.Identity != r.Echo.Identity || e.Kind != nil && *e.Kind != r.Echo.Kind ||
			e.Others != nil && fmt.Sprint(e.Others) != fmt.Sprint(r.Echo.Others) ||
			e.Unmatched != nil && *e.Unmatched != r.Echo.Unmatched {
			t.Errorf("echo %+v", r.Echo)
		}
	}
	near := func(what string, want *float64, got time.Duration) {
		if want != nil && (got-fromMillis(*want)).Abs() > time.Microsecond {
			t.Errorf("%s: %v, want %v ms", what, got, *want)
		}
	}
	near("first pong", w.FirstPong, r.Echo.FirstPong)
	near("took", w.Took, r.End.Sub(r.Start))
	near("start", w.Modulo, time.Duration(r.Start.UnixNano())%max(1, r.Plan.Cooldown))
	for name, column := range w.Samples {
		w.checkColumn(t, r, name, column)
	}
}

func (w sceneWant) checkColumn(t *testing.T, r bench.Run, name string, column []any) {
	if len(column) != len(r.Samples) {
		t.Errorf("%d samples, want %d of %s: %v", len(r.Samples), len(column), name, outcomes(r))
		return
	}
	for i, s := range r.Samples {
		text := map[string]string{"outcome": s.Outcome.String(), "reason": s.Reason.String()}
		d := map[string]time.Duration{
			"due_ms": s.Due, "sent_ms": s.Sent, "send_call_ms": s.SendCall, "rtt_ms": s.RTT, "hold_ms": s.Hold,
		}
		switch want := column[i].(type) {
		case nil:
		case string:
			if got, known := text[name]; !known || got != want {
				t.Errorf("ping %d, %s: %q, want %q", s.Seq, name, got, want)
			}
		case float64:
			if got, known := d[name]; !known || (got-fromMillis(want)).Abs() > time.Microsecond {
				t.Errorf("ping %d, %s: %v, want %v ms", s.Seq, name, got, want)
			}
		}
	}
}
