package analysis

import (
	"fmt"
	"io"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
	"rtcbench/internal/report"
	"rtcbench/internal/turn"
)

// Turns compares turn latencies with the log of the lab's own agent. The rest is compared with what the router did to
// the two packets in which the caller's speech ended and the answer began.
type Turns struct {
	Answered int `json:"answered"`
	// Matched turns are in Samples. Of the other turns something is missing: the router dropped one of the two packets,
	// or the agent's log has no answer in time.
	Matched int         `json:"matched"`
	Samples []TurnWay   `json:"samples"`
	Error   [3]*float64 `json:"error_ms"` // least, P50, greatest of the matched; null = there are none
}

// TurnWay is one turn. Durations are in milliseconds.
type TurnWay struct {
	Seq     uint32  `json:"seq"`
	Latency float64 `json:"latency_ms"`
	Agent   float64 `json:"agent_log_ms"`
	Up      float64 `json:"injected_up_ms"` // of the packet that ended the speech, on both hops
	Down    float64 `json:"injected_down_ms"`
	Error   float64 `json:"error_ms"` // what is left of the latency without the other three
	Marked  bool    `json:"marked"`   // the turn itself is marked as unsure
}

// NewTurns follows each turn's two packets through the log. said are the utterances of the run.
func NewTurns(log lab.Log, run bench.Run, known []turn.Answered, said map[string]turn.Utterance) (*Turns, error) {
	reply, err := turn.Reply()
	if err != nil {
		return nil, err
	}
	t := &Turns{}
	var ends, begins []packet
	var list []TurnWay
	for i, fact := range run.Turns.Turns {
		if fact.Fate != bench.TurnAnswered {
			continue
		}
		t.Answered++
		ended := run.Start.Add(run.Samples[i].Sent)
		a, ok := turn.Beside(turn.Turn{TurnFact: fact, Ended: ended}, known)
		u, spoken := said[fact.Said]
		if !ok || !spoken || a.Doubtful() {
			continue
		}
		end, before := u.End()
		ends = append(ends, packet{len(end), ended.Add(-before).Sub(log.Start), true})
		begin, before := reply.Begin()
		begins = append(begins, packet{len(begin), a.Spoke.Add(-before).Sub(log.Start), true})
		list = append(list, TurnWay{Seq: fact.Seq, Latency: millis(fact.Latency.D), Agent: millis(a.Took()),
			Marked: fact.Marked()})
	}
	early := clockTolerance
	if run.Facts.Engine == bench.Browser {
		early = pageTolerance
	}
	up, down := through(log, ends, 0, early), through(log, begins, 2, early)
	var off []time.Duration
	for i, w := range list {
		if !ends[i].ok || !begins[i].ok {
			continue
		}
		w.Up, w.Down = millis(up[i]), millis(down[i])
		w.Error = w.Latency - w.Agent - w.Up - w.Down
		t.Samples, off = append(t.Samples, w), append(off, time.Duration(w.Error*float64(time.Millisecond)))
	}
	if t.Matched = len(off); t.Matched > 0 {
		q := quantiles(off)
		for i, at := range []float64{0, 0.5, 1} {
			v := q(at)
			t.Error[i] = &v
		}
	}
	return t, nil
}

// packet is a packet that is followed: its size, and from when on it can come to the next hop. ok is false once it is
// lost from sight.
type packet struct {
	size int
	at   time.Duration
	ok   bool
}

// pageTolerance is how much earlier than the page says a packet of a page may have come to the router. The page's clock
// is read from outside its browser, once. Packets are 20 ms apart, and told apart by their size.
const pageTolerance = 5 * time.Millisecond

// through follows packets over two hops, and gives how long the router kept each packet on both together. A packet may
// have come to the first hop earlier than it says, by early at the most. Encryption and headers add a constant to a
// packet's size on each hop, as they do to the size of a ping.
func through(log lab.Log, list []packet, hop int, early time.Duration) []time.Duration {
	kept := make([]time.Duration, len(list))
	for h := hop; h < hop+2; h++ {
		var records []lab.Record
		for _, r := range log.Records {
			if hopOf(r) == h && mayBePing(r, bench.RTPAudio) {
				records = append(records, r)
			}
		}
		if h > hop {
			early = clockTolerance
		}
		constant, ok := addedTo(records, list, early)
		sized := map[int][]lab.Record{}
		for _, r := range records {
			sized[r.Size-constant] = append(sized[r.Size-constant], r)
		}
		for i := range list {
			p := &list[i]
			if !p.ok || !ok {
				p.ok = false
				continue
			}
			r, found := first(sized[p.size], p.at-early, p.at+time.Second)
			p.ok = found && r.Fate == lab.Carried
			kept[i], p.at = kept[i]+r.Delay(), r.Left
		}
	}
	return kept
}

// addedTo is by how many bytes packets on a hop are larger than their payloads: the commonest difference of the packets
// that came next.
func addedTo(records []lab.Record, list []packet, early time.Duration) (constant int, ok bool) {
	votes, most := map[int]int{}, 0
	for _, p := range list {
		if !p.ok {
			continue
		}
		if r, found := first(records, p.at-early, p.at+hopWindow); found {
			votes[r.Size-p.size]++
		}
	}
	for c, n := range votes {
		if n > most || n == most && c < constant {
			constant, most = c, n
		}
	}
	return constant, most > 0
}

// write is the table of the turns in a lab.
func (t *Turns) write(w io.Writer, say func(format string, args ...any)) {
	fmt.Fprintf(w, "\n  %-8s %9s %12s %11s %13s %9s\n", "turn, ms", "latency", "agent's log", "injected up",
		"injected down", "left over")
	for _, s := range t.Samples {
		mark := ""
		if s.Marked {
			mark = "  marked"
		}
		fmt.Fprintf(w, "  %-8d %9.2f %12.2f %11.2f %13.2f %9s%s\n", s.Seq, s.Latency, s.Agent, s.Up, s.Down,
			report.SignedDecimal(s.Error, 2), mark)
	}
	say("%d of %d answered turns were matched to the packets in which the caller ended and the answer began, and to "+
		"the agent's log.", t.Matched, t.Answered)
	if t.Matched > 0 {
		say("Turn latency less the agent's own log less what the router injected: %s ms at the median, %s to %s ms.",
			report.SignedDecimal(*t.Error[1], 2), report.SignedDecimal(*t.Error[0], 2),
			report.SignedDecimal(*t.Error[2], 2))
	}
}

// about writes what stands above each table.
func about(w io.Writer, r Report) {
	fmt.Fprintf(w, "\nThe lab: %s\n", r.Scenario)
	if r.About != "" {
		fmt.Fprintln(w,
			strings.Join(report.Wrap(report.Printable(strings.Join(strings.Fields(r.About), " ")), tableWidth), "\n"))
	}
}
