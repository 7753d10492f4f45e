package turn

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
)

// TestUneven: an answer's first packet that came later than those behind it is told, and a jitter buffer's delay is
// counted from when it should have come.
func TestUneven(t *testing.T) {
	zero := time.Unix(0, 0)
	var slots []slot
	for i := range 100 { // of 20 ms: four windows each
		late := time.Duration(0)
		if i == 50 {
			late = 30 * time.Millisecond
		}
		for w := range 4 {
			slots = append(slots, slot{at: zero.Add(time.Duration(i)*Frame + late + place(w*window)), offset: late})
		}
	}
	began := slots[200].at.Add(time.Millisecond)
	if late, ok := uneven(slots, began); !ok || late != 30*time.Millisecond {
		t.Errorf("uneven by %v, %v", late, ok)
	}
	if late, ok := uneven(slots, slots[100].at); !ok || late != 0 {
		t.Errorf("another is uneven by %v, %v", late, ok)
	}
	if more, ok := playout(slots, slots[100].at); !ok || more < 0 || more > 30*time.Millisecond {
		t.Errorf("%v, %v", more, ok)
	}
}

// TestStarved: a turn that this process had no time for is marked, and says for how long; one with a stall elsewhere is
// not.
func TestStarved(t *testing.T) {
	end := time.Unix(100, 0)
	began := end.Add(800 * time.Millisecond)
	for at, want := range map[time.Time]bool{
		end: true, began: true, end.Add(400 * time.Millisecond): false,
	} {
		m := &mouth{}
		m.hold(at, 60*time.Millisecond)
		a := asked{last: end, stalled: m.stalled}
		fact := bench.TurnFact{Fate: bench.TurnAnswered, Latency: known(began.Sub(end))}
		a.starved(&fact, began)
		if fact.Marked() != want || (fact.Why != "") != want {
			t.Errorf("stalled at %v: %+v", at.Sub(end), fact)
		}
	}
}

// TestTheNetworksShare: pings in quiet packets come back from whoever answers them, and are not heard as sound.
func TestTheNetworksShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, far := newWay(25 * time.Millisecond)
		echoing, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			(&Agent{Delay: 700 * time.Millisecond}).Serve(echoing, echoes{far})
		}()
		of, turns, err := Call(t.Context(), caller, Options{Steps: Repeat([]string{"short"}, 1),
			Utterances: builtin(t, "short"), Timeout: 5 * time.Second, Rest: time.Second, Gap: 300 * time.Millisecond,
			Greeting: 3 * time.Second, Presence: time.Second, Playout: true})
		stop()
		<-done
		time.Sleep(time.Minute)
		if err != nil || len(turns) != 1 || of.NetworkBy != bench.NetworkByEcho ||
			(of.Network.D-50*time.Millisecond).Abs() > time.Millisecond {
			t.Fatalf("%+v, %+v, %v", of, turns, err)
		}
		if !turns[0].Playout.OK || turns[0].Playout.D < turns[0].Latency.D {
			t.Errorf("%+v", turns[0].TurnFact)
		}
	})
}

// echoes is a far end that answers pings beside what else it says.
type echoes struct{ *way }

func (e echoes) Hear(ctx context.Context) (bench.Heard, error) {
	h, err := e.way.Hear(ctx)
	if r, v := audio.Decode(h.Sound.Packet); err == nil && h.Kind == bench.HeardSound && v == audio.Ours {
		r.Type = audio.Pong
		pong := audio.Append(nil, nil, pingSize, r)
		time.AfterFunc(e.delay, func() {
			e.other.heard <- bench.Heard{From: "echo", Kind: bench.HeardSound, Track: "pong", At: time.Now(),
				Sound: bench.Sound{Packet: pong}}
		})
	}
	return h, err
}
