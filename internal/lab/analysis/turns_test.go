package analysis

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
	"rtcbench/internal/turn"
)

// TestTurnsAreHeldAgainstTheRouter: of each turn the two packets that count are found at all four hops, among those
// before and behind them, and what the router did to them is what is left over beside the agent's log. A turn whose
// packet was dropped is not matched.
func TestTurnsAreHeldAgainstTheRouter(t *testing.T) {
	said, err := turn.Load([]string{"stop"})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := turn.Reply()
	if err != nil {
		t.Fatal(err)
	}
	const agentTakes, turns, dropped = 800 * msec, 12, 5
	dice := rand.New(rand.NewPCG(1, 1))
	log := lab.Log{Start: time.Unix(1_700_000_000, 0)}
	run := bench.Run{Start: log.Start.Add(time.Second), Turns: &bench.Turns{}}
	var known []turn.Answered
	// carry carries a packet over two hops, and says when it is there and how long the router had it.
	carry := func(hop, size int, at time.Duration, lost bool) (there, kept time.Duration) {
		for h := hop; h < hop+2; h++ {
			delay := 20*msec + time.Duration(dice.IntN(3000))*time.Microsecond
			r := lab.Record{From: wayThere[h][0], To: wayThere[h][1], UDP: true, Size: size + 56, Arrived: at,
				Due: at + delay, Left: at + delay}
			if lost {
				r.Fate, r.Left = lab.Lost, 0
			}
			if log.Records = append(log.Records, r); lost {
				return at + delay, 0
			}
			at, kept = at+delay+msec/10, kept+delay
		}
		return at, kept
	}
	speak := func(hop int, packets [][]byte, begin time.Duration, which []byte, lost bool) (there, kept time.Duration) {
		for i, p := range packets {
			of := &p[0] == &which[0]
			if at, k := carry(hop, len(p), begin+time.Duration(i)*turn.Frame, lost && of); of {
				there, kept = at, k
			}
		}
		return there, kept
	}
	injected := map[uint32]time.Duration{}
	for i := range turns {
		seq, begin := uint32(i+1), time.Second+time.Duration(i)*5*time.Second
		u := said["stop"]
		end, before := u.End()
		there, up := speak(0, u.Packets, begin, end, seq == dropped)
		left := begin + time.Duration((u.Last-1)/960)*turn.Frame + before
		heard := there + before
		first, before := reply.Begin()
		spoke := heard + agentTakes
		back, down := speak(2, reply.Packets, spoke-before-time.Duration(reply.First/960)*turn.Frame, first, false)
		injected[seq] = up + down
		known = append(known, turn.Answered{Heard: log.Start.Add(heard), Spoke: log.Start.Add(spoke)})
		run.Samples = append(run.Samples, bench.Sample{Seq: seq, Sent: left - time.Second})
		run.Turns.Turns = append(run.Turns.Turns, bench.TurnFact{Seq: seq, Said: "stop", Fate: bench.TurnAnswered,
			Latency: bench.Known(back+before-left, true)})
	}
	slices.SortStableFunc(log.Records, func(a, b lab.Record) int { return int(a.Arrived - b.Arrived) })
	of, err := NewTurns(log, run, known, said)
	if err != nil {
		t.Fatal(err)
	}
	// A page's clock may be read so much too late, of its own packets and of the agent's.
	for i := range run.Samples {
		run.Samples[i].Sent += 3 * msec
		known[i].Heard, known[i].Spoke = known[i].Heard.Add(3*msec), known[i].Spoke.Add(3*msec)
	}
	run.Facts.Engine = bench.Browser
	if page, err := NewTurns(log, run, known, said); err != nil || !reflect.DeepEqual(page, of) {
		t.Errorf("%v: %+v, want %+v", err, page, of)
	}
	if of.Answered != turns || of.Matched != turns-1 {
		t.Errorf("%d of %d matched", of.Matched, of.Answered)
	}
	for _, s := range of.Samples {
		if s.Seq == dropped || math.Abs(s.Up+s.Down-millis(injected[s.Seq])) > 1e-9 || s.Agent != millis(agentTakes) ||
			s.Error < 0.3 || s.Error > 0.5 { // four times that the packet was in a process
			t.Errorf("%+v, %v injected", s, injected[s.Seq])
		}
	}
	var text bytes.Buffer
	WriteText(&text, Report{Turns: of})
	if !strings.Contains(text.String(), "11 of 12 answered turns were matched to the packets") {
		t.Error(text.String())
	}
}
