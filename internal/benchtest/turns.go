package benchtest

import (
	"time"

	"rtcbench/bench"
)

// Turns is a run of turns, one of each fate.
func Turns() bench.Run {
	r := Run(0)
	r.ID = "019ab000-0000-7000-8000-000000000007"
	r.Plan = bench.Plan{Count: 4, Class: bench.Turn, Timeout: 15 * time.Second, ReconnectTimeout: 10 * time.Second}
	r.Facts.Transport, r.Facts.Channel, r.Facts.Inbound = bench.Turn, bench.Channel{}, bench.Channel{}
	r.Clocks, r.Ways, r.Samples = bench.UnknownOffsets, bench.Ways{}, nil
	r.Echo = bench.Echo{Mode: "remote", Identity: "agent-1"}
	ms := func(n float64) bench.Quantity {
		return bench.Quantity{D: time.Duration(n * float64(time.Millisecond)), OK: true}
	}
	r.Turns = &bench.Turns{
		Rule: bench.TurnRule{Window: ms(5), Quietest: -50, AboveFloor: 4, LoudFloor: -48, Rest: ms(1000), Gap: ms(300)},
		Calls: []bench.TurnCall{{Agent: "agent-1", Dispatch: ms(420), Greeting: ms(900.5), Track: ms(20), Packets: 700,
			Lost: 2, OwnLate: ms(1.5),
			Network: ms(44.5), NetworkBy: bench.NetworkByEcho}},
		Turns: []bench.TurnFact{
			{Seq: 1, Call: 1, Said: "short", Fate: bench.TurnAnswered, Latency: ms(812.5), Speech: ms(1100),
				Reply: ms(1640),
				Floor: -68, Threshold: -50, Caller: []bench.Span{{From: ms(0), To: ms(1100)}},
				Agent:  []bench.Span{{From: ms(1912.5), To: ms(2812.5)}, {From: ms(3152.5), To: ms(3552.5)}},
				Gaps:   []bench.Span{{From: ms(2812.5), To: ms(3152.5)}},
				Notes:  []bench.Note{{At: ms(1150), What: "lk.agent.state", Text: "thinking"}},
				Logged: ms(810), OwnError: ms(2.5), Stalled: ms(1), Uneven: ms(3), Playout: ms(830)},
			{Seq: 2, Call: 1, Said: "pause", Fate: bench.TurnEarly, Latency: ms(-700), Speech: ms(2000), Reply: ms(500),
				TalkOver: ms(500), Floor: -68, Threshold: -50, Caller: []bench.Span{{From: ms(0), To: ms(2000)}},
				Agent: []bench.Span{{From: ms(1300), To: ms(1800)}}},
			{Seq: 3, Call: 1, Said: "long", Fate: bench.TurnUnanswered, Speech: ms(3000), Floor: -68, Threshold: -50,
				Caller: []bench.Span{{From: ms(0), To: ms(3000)}}, Waited: ms(15000)},
			{Seq: 4, Call: 1, Said: "stop", Fate: bench.TurnNotMeasurable,
				Why:    "noise of -40 dBFS on the agent's track",
				Speech: ms(300), Floor: -40, Threshold: -36, Lost: 2, Clicks: 1},
		},
	}
	sent := func(n int) time.Duration { return time.Duration(n) * 10 * time.Second }
	r.Samples = []bench.Sample{
		{Seq: 1, Outcome: bench.Answered, Due: sent(1), Sent: sent(1), RTT: 812500 * time.Microsecond},
		{Seq: 2, Outcome: bench.NotSent, Reason: bench.NoLatency, Due: sent(2)},
		{Seq: 3, Outcome: bench.Lost, Due: sent(3), Sent: sent(3)},
		{Seq: 4, Outcome: bench.NotSent, Reason: bench.NoLatency, Due: sent(4)},
	}
	r.Counts = bench.Counts{}
	r.Counts.Tally(r.Samples)
	r.End = r.Start.Add(time.Minute)
	return r
}

// MarkedTurns is a run of answered turns that are marked in each way, or in none if sure, and of one that was early
// while this process was stalled. A fifth has no answer.
func MarkedTurns(sure bool) bench.Run {
	r := Turns()
	ms := func(n float64) bench.Quantity { return bench.Known(time.Duration(n*float64(time.Millisecond)), true) }
	answered := r.Turns.Turns[0]
	answered.Playout, answered.Notes = bench.Quantity{}, nil
	list := []bench.TurnFact{answered, answered, answered, answered, r.Turns.Turns[1], r.Turns.Turns[2]}
	if !sure {
		list = list[1:]
	}
	of := list[len(list)-5:]
	of[0].Stalled = ms(133)
	of[0].Why = "this process did not get to its packets for 133ms where the turn was measured: it may be wrong by " +
		"as much"
	of[1].Uneven = ms(124.4)
	of[2].Stalled, of[2].Why, of[2].Uneven = of[0].Stalled, of[0].Why, ms(119)
	of[3].Stalled, of[3].Why = of[0].Stalled, of[0].Why
	r.Turns.Turns, r.Samples = list, nil
	for i := range list {
		seq := uint32(i + 1)
		list[i].Seq = seq
		at := time.Duration(seq) * 10 * time.Second
		s := bench.Sample{Seq: seq, Due: at, Sent: at}
		switch list[i].Fate {
		case bench.TurnAnswered:
			list[i].Latency.D += time.Duration(i) * 50 * time.Millisecond
			s.Outcome, s.RTT = bench.Answered, list[i].Latency.D
		case bench.TurnUnanswered:
			s.Outcome = bench.Lost
		default:
			s.Outcome, s.Reason = bench.NotSent, bench.NoLatency
		}
		r.Samples = append(r.Samples, s)
	}
	r.Plan.Count, r.Counts = len(list), bench.Counts{}
	r.Counts.Tally(r.Samples)
	return r
}
