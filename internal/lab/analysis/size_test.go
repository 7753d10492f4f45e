package analysis

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/lab"
)

// audible is a run of n audio packets, 20 ms apart, over hops that delay each packet by up to 120 ms and drop some,
// with what the router wrote down of them and of other packets. The truth is by ping.
func audible(n int, loss float64) (run bench.Run, log lab.Log, truth []Injection) {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	log.Start = time.Unix(1700000000, 0)
	run = bench.Run{Start: log.Start.Add(time.Second), Plan: bench.Plan{Count: n, Cooldown: 20 * msec},
		Facts: bench.Facts{Transport: bench.RTPAudio}, Clocks: bench.OneClock, Ways: bench.Ways{Known: true}}
	constants := [4]int{56, 64, 56, 60} // header extensions differ from hop to hop
	for i := range n {
		s := bench.Sample{Seq: uint32(i + 1), Outcome: bench.Answered, Stamped: true}
		s.Sent = time.Duration(i) * 20 * msec
		in := Injection{Seq: s.Seq, OK: true, DroppedOn: -1}
		at := time.Second + s.Sent
		for h, way := range wayThere {
			at += msec / 2
			delay := 40*msec + time.Duration(rng.IntN(80_000))*time.Microsecond
			r := lab.Record{From: way[0], To: way[1], UDP: true, Size: constants[h] + audio.LabSize(120, s.Seq),
				Arrived: at, Due: at + delay, Left: at + delay}
			if rng.Float64() < loss {
				r.Fate, r.Due, r.Left = lab.Lost, 0, 0
				log.Records = append(log.Records, r)
				in.OK, in.DroppedOn = false, h
				break
			}
			log.Records = append(log.Records, r)
			for range 2 { // fillers and others' packets, of any other size
				r.Arrived += time.Duration(rng.IntN(20_000)) * time.Microsecond
				r.Size = constants[h] + 100 + rng.IntN(19)
				log.Records = append(log.Records, r)
			}
			if at += delay; h < 2 {
				in.Up += delay
			} else {
				in.Down += delay
			}
		}
		s.RTT = at + msec/2 - time.Second - s.Sent
		switch {
		case in.DroppedOn < 0:
		case in.DroppedOn < 2:
			s.Outcome, s.Reason, run.Ways.Up = bench.Lost, bench.OnWayUp, run.Ways.Up+1
		default:
			s.Outcome, s.Reason, run.Ways.Down = bench.Lost, bench.OnWayDown, run.Ways.Down+1
		}
		run.Samples, truth = append(run.Samples, s), append(truth, in)
	}
	run.Counts.Tally(run.Samples)
	slices.SortStableFunc(log.Records, func(a, b lab.Record) int { return int(a.Arrived - b.Arrived) })
	return run, log, truth
}

// TestAudioIsFollowedPacketByPacket: pings overtake each other on every hop, and yet each is matched at all four, with
// what the router did to it.
func TestAudioIsFollowedPacketByPacket(t *testing.T) {
	run, log, truth := audible(2000, 0)
	for i, in := range Injected(log, run) {
		if want := truth[i]; !in.OK || in.Up != want.Up || in.Down != want.Down || in.Server != msec ||
			in.Sending != msec/2 {
			t.Fatalf("%+v, want %+v", in, want)
		}
	}
	if r := NewReport(lab.Scenario{}, 1, log, run, nil); r.Matched != 2000 || r.Pings != 2000 {
		t.Errorf("%d of %d matched", r.Matched, r.Pings)
	}
}

// TestLossOfAudioIsTheRouters: by direction, ping by ping.
func TestLossOfAudioIsTheRouters(t *testing.T) {
	run, log, truth := audible(2000, 0.02)
	up, down := 0, 0
	for i, in := range Injected(log, run) {
		if in.OK != truth[i].OK || in.DroppedOn != truth[i].DroppedOn {
			t.Fatalf("%+v, want %+v", in, truth[i])
		}
		switch {
		case in.DroppedOn >= 2:
			down++
		case in.DroppedOn >= 0:
			up++
		}
	}
	r := NewReport(lab.Scenario{}, 1, log, run, nil)
	if up < 40 || down < 40 || *r.Loss.Router != (Dropped{Up: up, Down: down}) {
		t.Errorf("%d up, %d down: %+v", up, down, r.Loss.Router)
	}
	var b bytes.Buffer
	if WriteText(&b, r); !strings.Contains(strings.Join(strings.Fields(b.String()), " "), "pongs: as the run says.") {
		t.Errorf("%s", &b)
	}
	for i, s := range run.Samples { // and where the run takes one way for the other
		if s.Reason == bench.OnWayUp {
			run.Samples[i].Reason = bench.OnWayDown
			break
		}
	}
	if r := NewReport(lab.Scenario{}, 1, log, run, nil); r.Loss.Router.Wrong != 1 {
		t.Errorf("%+v", r.Loss.Router)
	}
	run.Facts.Transport = bench.DataChannelLossy
	if r := NewReport(lab.Scenario{}, 1, log, run, nil); r.Loss.Router != nil {
		t.Errorf("messages have no packets of their own: %+v", r.Loss.Router)
	}
}
