package audio_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/echo"
	"rtcbench/internal/loopback"
	"rtcbench/internal/recorder"
)

const ms = time.Millisecond

// seat is a session that a test may meddle with.
type seat struct {
	bench.Session
	send func(m bench.Message) error        // before it is sent; an error keeps it
	recv func(p *bench.Packet) (again bool) // after it came

	mu   sync.Mutex
	left []time.Time // when each packet left
	sent [][]byte
}

func (s *seat) Send(ctx context.Context, m bench.Message) error {
	if s.send != nil {
		if err := s.send(m); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.left, s.sent = append(s.left, time.Now()), append(s.sent, bytes.Clone(m.Payload))
	s.mu.Unlock()
	return s.Session.Send(ctx, m)
}

func (s *seat) Recv(ctx context.Context) (bench.Packet, error) {
	for {
		p, err := s.Session.Recv(ctx)
		if err != nil || s.recv == nil || !s.recv(&p) {
			return p, err
		}
	}
}

func plan(count int) bench.Plan {
	return bench.Plan{Count: count, Cooldown: 20 * ms, Timeout: 500 * ms, Warmup: 5, EchoTimeout: 10 * time.Second,
		ReconnectTimeout: 10 * time.Second, Class: bench.RTPAudio}
}

// measure runs p over a path of 30 ms there and 10 ms back, in fake time, from a seat that set has prepared.
func measure(t *testing.T, p bench.Plan, set func(*seat), back loopback.Path) (run bench.Run, runner *seat) {
	t.Helper()
	if back == nil {
		back = loopback.Constant(10 * ms)
	}
	synctest.Test(t, func(t *testing.T) {
		tr := &loopback.Transport{Paths: map[string]loopback.Path{"runner": loopback.Constant(30 * ms), "echo": back}}
		join := func(identity string) bench.Session {
			s, err := tr.Join(t.Context(), bench.Room{Name: "r"}, bench.JoinOptions{Identity: identity})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		e := join("echo")
		runner = &seat{Session: join("runner")}
		defer e.Close()
		defer runner.Close()
		if set != nil {
			set(runner)
		}
		go echo.Answer(t.Context(), e, bench.NewClock())
		var err error
		run, err = audio.Prober{Session: runner, Clock: bench.NewClock(),
			Machine: recorder.Machine{Proc: fstest.MapFS{}}}.Probe(t.Context(), p, nil)
		if err != nil {
			t.Fatal(err)
		}
	})
	return run, runner
}

func TestAudioPingsAreMeasuredAsMessagesAre(t *testing.T) {
	run, _ := measure(t, plan(50), nil, nil)
	s := bench.Summarise(run)
	if c := run.Counts; c.Answered != 50 || c.Malformed+c.Foreign+c.Duplicate != 0 || !run.Ways.Known {
		t.Fatalf("%+v, %+v", c, run.Ways)
	}
	if s.P50.D != 40*ms || !s.OneWay.Known || s.Hold.P50.D != 0 || run.Echo.Kind != "rtcbench" ||
		run.Echo.Identity != "echo" || run.Samples[0].Up.Round(ms) != 30*ms {
		t.Errorf("P50 %v, one way %+v, echo %+v, up %v", s.P50.D, s.OneWay, run.Echo, run.Samples[0].Up)
	}
}

// TestTheStreamStaysAStream: between pings that are far apart there is a packet each 20 ms, and none near a ping.
func TestTheStreamStaysAStream(t *testing.T) {
	for _, cooldown := range []time.Duration{20 * ms, 30 * ms, 50 * ms, 100 * ms} {
		p := plan(10)
		p.Cooldown = cooldown
		_, runner := measure(t, p, nil, nil)
		pings, fillers, counted := 0, 0, false
		for i, payload := range runner.sent {
			record, verdict := audio.Decode(payload)
			switch {
			case audio.IsFiller(payload):
				fillers++
			case verdict == audio.Ours:
				pings++
			default:
				t.Fatalf("%v: packet %d is neither a ping nor a filler: %x", cooldown, i, payload)
			}
			if len(payload) != len(runner.sent[0]) {
				t.Errorf("%v: packet %d has %d bytes, the first one %d", cooldown, i, len(payload),
					len(runner.sent[0]))
			}
			between := counted // neither in the warm-up nor after the last ping
			counted = record.Seq > 0 || counted && audio.IsFiller(payload)
			if record.Seq == uint32(p.Count) {
				break
			}
			if !between || !counted {
				continue
			}
			if gap := runner.left[i].Sub(runner.left[i-1]); gap < 10*ms || gap > 30*ms {
				t.Errorf("%v: %v between packets %d and %d", cooldown, gap, i-1, i)
			}
		}
		if cooldown == 100*ms && fillers < 3*pings {
			t.Errorf("%d fillers for %d pings", fillers, pings)
		}
	}
}

// TestWhatIsNoPong: what an SFU or a stranger sends is nothing, what is damaged is counted, and so is what is answered
// twice.
func TestWhatIsNoPong(t *testing.T) {
	silence := append([]byte{0xf8, 0xff, 0xfe}, make([]byte, 77)...) // as a LiveKit server fills
	for name, c := range map[string]struct {
		change func(record audio.Record, p *bench.Packet)
		want   bench.Counts
	}{
		"the CRC is wrong": {func(_ audio.Record, p *bench.Packet) {
			p.Payload = slices.Clone(p.Payload)
			p.Payload[20] ^= 1 // in the record
		}, bench.Counts{Sent: 20, Answered: 19, Lost: 1, Malformed: 1}},
		"silence of the SFU's": {func(_ audio.Record, p *bench.Packet) { p.Payload = silence },
			bench.Counts{Sent: 20, Answered: 19, Lost: 1}},
		"of another run": {func(r audio.Record, p *bench.Packet) {
			r.Run++
			p.Payload = audio.Append(nil, nil, 140, r)
		}, bench.Counts{Sent: 20, Answered: 19, Lost: 1, Foreign: 1}},
		"of another number": {func(r audio.Record, p *bench.Packet) {
			r.Seq++
			p.Payload = audio.Append(nil, nil, 140, r)
		}, bench.Counts{Sent: 20, Answered: 19, Lost: 1, Foreign: 1}},
		"two in one packet": {func(r audio.Record, p *bench.Packet) { p.Payload = audio.Append(nil, nil, 300, r, r) },
			bench.Counts{Sent: 20, Answered: 20, Duplicate: 1}},
	} {
		run, _ := measure(t, plan(20), func(s *seat) {
			s.recv = func(p *bench.Packet) bool {
				if r, v := audio.Decode(p.Payload); v == audio.Ours && r.Seq == 7 {
					c.change(r, p)
				}
				return false
			}
		}, nil)
		c.want.WarmupSent, c.want.ControlSent = run.Counts.WarmupSent, run.Counts.ControlSent
		if run.Counts != c.want {
			t.Errorf("%s: %+v, want %+v", name, run.Counts, c.want)
		}
	}
}

// TestABrokenPingIsNotAnswered: an echo believes no record whose CRC is wrong, and the ping is lost on the way up.
func TestABrokenPingIsNotAnswered(t *testing.T) {
	run, _ := measure(t, plan(20), func(s *seat) {
		s.send = func(m bench.Message) error {
			if r, v := audio.Decode(m.Payload); v == audio.Ours && r.Seq == 7 {
				m.Payload[20] ^= 1
			}
			return nil
		}
	}, nil)
	if c := run.Counts; c.Answered != 19 || c.Lost != 1 || c.Malformed != 0 || run.Ways.Up != 1 {
		t.Errorf("%+v, %+v", c, run.Ways)
	}
}

func TestAMarkTwiceIsADuplicate(t *testing.T) {
	run, _ := measure(t, plan(20), nil, func(int) []time.Duration {
		return []time.Duration{10 * ms, 15 * ms} // the run ends before the last one comes again
	})
	if c := run.Counts; c.Answered != 20 || c.Duplicate != 19 {
		t.Errorf("%+v", c)
	}
}

// TestMuted: a slot in which nobody would have heard us was not used, and is no loss.
func TestMuted(t *testing.T) {
	begin := time.Time{}
	run, _ := measure(t, plan(50), func(s *seat) {
		s.send = func(m bench.Message) error {
			if r, v := audio.Decode(m.Payload); v == audio.Ours && r.Seq == 11 {
				begin = time.Now()
			}
			if !begin.IsZero() && time.Since(begin) < 200*ms {
				return bench.ErrMuted
			}
			return nil
		}
	}, nil)
	muted := 0
	for _, s := range run.Samples {
		if s.Outcome == bench.NotSent && s.Reason == bench.Muted {
			muted++
		}
	}
	if c := run.Counts; muted != 10 || c.NotSent != 10 || c.Lost != 0 || c.Answered != 50 {
		t.Errorf("%d muted, %+v", muted, c)
	}
}
