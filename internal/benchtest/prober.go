package benchtest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"rtcbench/bench"
)

// Reply is one message that the echo of a script sends, After it had the ping.
type Reply struct {
	After   time.Duration
	Payload []byte
}

// Script decides what the echo answers to the ping with number seq, 0 = of the warm-up.
type Script func(seq int, t1 string) []Reply

// Pong is the reply that an original echo gives.
func Pong(t1 string, after time.Duration) Reply {
	return Reply{after,
		fmt.Appendf(nil,
			`{"type":"pong","client_timestamp":%s,"server_receive_time":5000.25,`+
				`"server_send_time":5000.26,"message_count":1}`, t1)}
}

// Play answers by script the pings that an echo has got; send gives a payload to the whole room.
// It ends with recv.
func Play(script Script, recv func() (payload []byte, err error), send func(payload []byte)) {
	for {
		ping, err := recv()
		if err != nil {
			return
		}
		var m struct {
			Type      string
			Timestamp json.Number
			Seq       int
		}
		if json.Unmarshal(ping, &m) != nil || m.Type != "ping" {
			continue
		}
		for _, r := range script(m.Seq, m.Timestamp.String()) {
			if r.After == 0 {
				send(r.Payload)
				continue
			}
			time.AfterFunc(r.After, func() { send(r.Payload) })
		}
	}
}

// TestProber holds a Prober against the contract of bench.Prober. open makes a room with an echo
// that plays a script, and a prober in it; both end with the test.
func TestProber(t *testing.T, open func(t *testing.T, script Script) bench.Prober) {
	// A closed loop misses no slot, however busy the machine is, and no answer of a script comes near the timeout. The
	// grid itself is held to its times in package bench, in fake time.
	const timeout = 2 * time.Second
	plan := bench.Plan{Count: 8, Timeout: timeout, Warmup: 4, EchoTimeout: patience, ReconnectTimeout: patience}
	t.Run("every fate has its name", func(t *testing.T) {
		p := open(t, func(seq int, t1 string) []Reply {
			switch seq {
			case 2: // lost
				return nil
			case 3: // late
				return []Reply{Pong(t1, timeout*3/2)} // while ping 6 waits in vain
			case 4: // twice
				return []Reply{Pong(t1, 0), Pong(t1, 20*time.Millisecond)}
			case 5: // with somebody else's, and with what nobody can read
				return []Reply{Pong("12345.5", 0), {0, []byte(`{"type":"pong"}`)}, Pong(t1, 20*time.Millisecond)}
			case 6: // with another number: not ours
				return []Reply{{0, fmt.Appendf(nil, `{"type":"pong","client_timestamp":%s,"seq":77}`, t1)}}
			}
			return []Reply{Pong(t1, 0)}
		})
		seen := map[uint32]bench.Outcome{}
		run, err := p.Probe(t.Context(), plan, func(s bench.Sample) { seen[s.Seq] = s.Outcome })
		if err != nil || run.Ended != bench.Complete {
			t.Fatalf("ended %q, %v", run.Ended, err)
		}
		want := []bench.Outcome{bench.Answered, bench.Lost, bench.Late, bench.Answered, bench.Answered, bench.Lost,
			bench.Answered, bench.Answered}
		for i, s := range run.Samples {
			if s.Outcome != want[i] || seen[s.Seq] != want[i] {
				t.Errorf("ping %d: %v, told as %v, want %v", s.Seq, s.Outcome, seen[s.Seq], want[i])
			}
		}
		c := run.Counts
		if len(run.Samples) != 8 || c.Sent != 8 || c.Answered != 5 || c.Late != 1 || c.Lost != 2 || c.Duplicate != 1 ||
			c.Foreign != 2 || c.Malformed != 1 || c.WarmupSent == 0 {
			t.Errorf("%+v", c)
		}
		if run.Echo.Unmatched != c.Foreign+c.Malformed {
			t.Errorf("%d pongs of the echo match nothing or cannot be read, want 3", run.Echo.Unmatched)
		}
		if s := run.Samples[2]; s.RTT < timeout*3/2 {
			t.Errorf("the late one came after %v", s.RTT)
		}
		if s := run.Samples[0]; !s.Stamped || s.Hold != 10*time.Microsecond || run.Echo.Kind != "original" {
			t.Errorf("%+v by %q", s, run.Echo.Kind)
		}
		if run.Echo.FirstPong <= 0 || run.End.Before(run.Start) || run.Facts.Engine == "" {
			t.Errorf("first pong %v, %v to %v, %+v", run.Echo.FirstPong, run.Start, run.End, run.Facts)
		}
	})
	t.Run("an interruption keeps what there is", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := open(t, func(seq int, t1 string) []Reply {
			if seq == 5 {
				cancel() // while it is in flight
				return nil
			}
			return []Reply{Pong(t1, 0)}
		})
		patient := plan
		patient.Timeout = patience
		run, err := p.Probe(ctx, patient, nil)
		c := run.Counts
		if err == nil || run.Ended != bench.Interrupted || c.Answered != 4 || c.Failed() != 0 || c.Unsettled != 1 {
			t.Errorf("ended %q, %v, %+v", run.Ended, err, c)
		}
	})
	t.Run("nobody answers", func(t *testing.T) {
		p := open(t, func(int, string) []Reply { return nil })
		quick := plan
		quick.EchoTimeout = 400 * time.Millisecond
		run, err := p.Probe(t.Context(), quick, nil)
		if err == nil || run.Ended != bench.DeadlinePassed || len(run.Samples) != 0 || run.Counts.WarmupSent == 0 {
			t.Errorf("ended %q, %v, %+v", run.Ended, err, run.Counts)
		}
	})
}

// PlaySession plays a script in a session until it ends.
func PlaySession(s bench.Session, script Script) {
	Play(script, func() ([]byte, error) {
		p, err := s.Recv(context.Background())
		return p.Payload, err
	}, func(payload []byte) { s.Send(context.Background(), bench.Message{Payload: payload}) })
}
