package turn

import (
	"context"
	"math/rand/v2"
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

// TestAReplyKeepsItsLength: however late packets of a reply come, it lasts as long as it was spoken, also where they
// come all at once, and where the sender's time stamps stand still while it sends nothing.
func TestAReplyKeepsItsLength(t *testing.T) {
	u := builtin(t, "reply")["reply"]
	quiet := builtin(t, "short")["short"].Packets[0]
	first, last := u.First/frameSamples, (u.Last-1)/frameSamples
	dice := rand.New(rand.NewPCG(1, 2))
	const ms = time.Millisecond
	one := func(of int, late time.Duration) func(int) time.Duration {
		return func(i int) time.Duration {
			if i == of {
				return late
			}
			return 0
		}
	}
	for name, late := range map[string]func(i int) time.Duration{
		"in time":          func(int) time.Duration { return 0 },
		"first one late":   one(first, 18*ms),
		"last one late":    one(last, 45*ms),
		"some late":        func(int) time.Duration { return time.Duration(dice.Int64N(int64(30 * ms))) },
		"begins in a heap": func(i int) time.Duration { return max(0, time.Duration(first+8-i)*Frame) },
		"ends in a heap":   func(i int) time.Duration { return max(0, min(500*ms, time.Duration(last+9-i)*Frame)) },
		"a pause unsent": func(i int) time.Duration {
			if i > (first+last)/2 {
				return 80 * ms
			}
			return 0
		},
	} {
		var slots []slot
		e, begin := newEar(func(s slot) { slots = append(slots, s) }), time.Unix(3000, 0)
		for i := -100; i < len(u.Packets)+100; i++ {
			packet, at := quiet, begin.Add(time.Duration(i)*Frame)
			if i >= 0 {
				at = at.Add(late(i))
			}
			if i >= 0 && i < len(u.Packets) {
				packet = u.Packets[i]
			}
			e.hear(bench.Sound{Seq: uint16(i), Timestamp: uint32(i * frameSamples), Packet: packet}, at)
		}
		fact, _ := judge(asked{first: begin.Add(-time.Second), last: begin.Add(-500 * ms)}, []side{{"agent", slots}},
			limits{15 * time.Second, time.Second, 300 * ms, false})
		want := place(u.Last - u.First)
		if name == "a pause unsent" { // and unstamped: it was there
			want += 80 * ms
		}
		t.Logf("%s: %v, spoken for %v", name, fact.Reply.D, want)
		if off := fact.Reply.D - want; off.Abs() > 3*ms {
			t.Errorf("%s: off by %v", name, off)
		}
	}
}

// TestPaddingIsNoLoss: a number for which the time stamps leave no room was of a packet without sound, and nothing of
// the agent's was lost; what is lost beside it counts.
func TestPaddingIsNoLoss(t *testing.T) {
	u := builtin(t, "short")["short"]
	var slots []slot
	e := newEar(func(s slot) { slots = append(slots, s) })
	seq := uint16(65530)
	for i, packet := range u.Packets {
		switch i {
		case 10, 20: // padded
			seq++
		case 30: // padded, and two are lost behind that
			seq++
		}
		if i != 30 && i != 31 {
			e.hear(bench.Sound{Seq: seq, Timestamp: uint32(i * frameSamples), Packet: packet},
				time.Unix(1000, 0).Add(time.Duration(i)*Frame))
		}
		seq++
	}
	e.flush()
	if e.lost != 2 || lostIn(slots) != 2 || len(slots) != 4*len(u.Packets) {
		t.Errorf("%d lost, %d in %d slots of %d packets", e.lost, lostIn(slots), len(slots), len(u.Packets))
	}
}

// TestATrackOfSpeechAlone: where an agent sends packets only while it speaks, as encoders that fall silent do, all of
// its greeting is speech, and none of it the noise of the track: the caller waits until it is over.
func TestATrackOfSpeechAlone(t *testing.T) {
	for _, long := range []time.Duration{300 * time.Millisecond, 3 * time.Second} {
		heard, begin := &track{threshold: quietest}, time.Unix(1000, 0)
		for at := time.Duration(0); at < long+time.Second; at += place(window) {
			s := slot{at: begin.Add(at), level: -18}
			if at >= long {
				s.level = nothing
			}
			heard.heard(s)
		}
		if ended := heard.voiceAt.Sub(begin); ended != long {
			t.Errorf("a greeting of %v ended after %v", long, ended)
		}
	}
}

// TestWhatHeldUpTheWayThere: nobody here sees when the caller's packets come to the agent. What held them up held up
// those of the agent's, too, that came at that time: the turn is uneven.
func TestWhatHeldUpTheWayThere(t *testing.T) {
	zero := time.Unix(2000, 0)
	end := zero.Add(time.Second)
	for held, want := range map[time.Duration]time.Duration{0: 0, 435 * time.Millisecond: 435 * time.Millisecond} {
		var slots []slot
		for i := range 250 { // packets that were on their way from second 1 on come when it is over
			sent := zero.Add(time.Duration(i) * Frame)
			at := sent
			if !sent.Before(end) && sent.Before(end.Add(held)) {
				at = end.Add(held)
			}
			for w := range 4 {
				s := slot{at: at.Add(place(w * window)), offset: at.Sub(sent), level: nothing}
				if i >= 110 && i < 150 {
					s.level = -20
				}
				s.parts = [4]float32{float32(s.level), float32(s.level), float32(s.level), float32(s.level)}
				slots = append(slots, s)
			}
		}
		fact, _ := judge(asked{first: zero.Add(500 * time.Millisecond), last: end}, []side{{"agent", slots}},
			limits{15 * time.Second, time.Second, 300 * time.Millisecond, false})
		if fact.Fate != bench.TurnAnswered || fact.Uneven.D != want {
			t.Errorf("held up for %v: %s, uneven by %v", held, fact.Fate, fact.Uneven.D)
		}
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
		if fact.Starved() != want || (fact.Why != "") != want {
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

// TestAStallIsNoShareOfTheNetwork: a ping or a report that was stamped while this process stood still says nothing of
// the network, also where most of them were; nor does one of an echo whose clock was set back, nor a few alone.
func TestAStallIsNoShareOfTheNetwork(t *testing.T) {
	begin := time.Unix(1000, 0)
	stall := begin.Add(10 * time.Second) // from there on, for 400 ms
	stands := &mouth{}
	stands.hold(stall, 400*time.Millisecond)
	at := func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second) }
	for name, test := range map[string]struct {
		fill func(p *pings)
		want time.Duration // 0 = not known
	}{
		"five in time": {func(p *pings) {
			for i := range 5 {
				p.reported(50*time.Millisecond, at(i))
			}
		}, 50 * time.Millisecond},
		"and more in a stall": {func(p *pings) {
			for i := range 5 {
				p.reported(50*time.Millisecond, at(i))
			}
			for i := range 6 {
				p.reported(450*time.Millisecond, stall.Add(time.Duration(70*i)*time.Millisecond))
			}
		}, 50 * time.Millisecond},
		"one report": {func(p *pings) { p.reported(450*time.Millisecond, at(1)) }, 0},
		"all in a stall": {func(p *pings) {
			for i := range 5 {
				p.trips = append(p.trips, trip{took: 450 * time.Millisecond, stamped: []time.Time{
					stall.Add(-100 * time.Millisecond), stall.Add(time.Duration(390+i) * time.Millisecond)}})
			}
		}, 0},
		"a clock set back": {func(p *pings) {
			for i := range 5 {
				p.trips = append(p.trips, trip{took: 5 * time.Second, hold: -4 * time.Second,
					stamped: []time.Time{at(i)}})
			}
		}, 0},
	} {
		p := newPings()
		test.fill(p)
		if way, by := p.share(stands.stalled); way.D != test.want || way.OK != (by != "") || way.OK != (test.want > 0) {
			t.Errorf("%s: %v by %q, want %v", name, way, by, test.want)
		}
	}
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
