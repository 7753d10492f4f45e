package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/stats"
)

// turns writes the table of a run of turns.
func (p *page) turns(r bench.Record) {
	s := r.Summary
	p.turnTitle(r.Run)
	p.validity(s.Validity)
	if len(s.RTTs) == 0 {
		p.line("\nNo turn was answered and could be measured: there is no turn latency.")
	} else {
		n := len(s.RTTs)
		p.head("Turn latency            ms   95 % interval")
		row := func(name string, q bench.Quantity, note string) {
			p.line("  %-14s %9s   %s", name, whole(q), p.dim.Render(note))
		}
		row("min", s.Min, "")
		row("P50", s.P50, bench.Turn.Words(interval(s.P50CI, n, 0)))
		row("P95", s.P95, bench.Turn.Words(interval(s.P95CI, n, bench.Turn.Needed(0.95))))
		row("max", s.Max, "")
		row("mean", s.Mean, "± "+whole(s.StdDev)+" standard deviation")
		if heard := playouts(r.Turns.Turns); len(heard) > 0 {
			p50, _ := stats.Quantile(stats.Sorted(heard), 0.5)
			row("P50 as heard", bench.Known(p50, true), "behind a jitter buffer that loses 1 % of it")
		}
		switch sure, marked := r.Turns.Unmarked(); {
		case marked == 0:
		case sure.Turns == 0:
			p.line("\nEach of them is marked as unsure: none of these figures is sure.")
		default:
			p.head(fmt.Sprintf("Without the %d marked", marked) + "                ")
			row("P50", sure.P50, bench.Turn.Words(interval(intervalOf(sure.P50CI, 0.5), sure.Turns, 0)))
			row("P95", sure.P95, bench.Turn.Words(interval(intervalOf(sure.P95CI, 0.95), sure.Turns,
				bench.Turn.Needed(0.95))))
		}
	}
	p.strips(*r.Turns)
	p.turnDetails(r)
	p.doubts(ungraded(s))
}

// playouts are the latencies behind a jitter buffer.
func playouts(list []bench.TurnFact) (heard []time.Duration) {
	for _, t := range list {
		if t.Playout.OK {
			heard = append(heard, t.Playout.D)
		}
	}
	return heard
}

func (p *page) turnTitle(r bench.Run) {
	p.line("%s  %s", p.strong.Render(platformName(r.Platform)), Printable(result.CleanURL(r.RoomURL)))
	line := fmt.Sprintf("%d of %s answered, on the %s", r.Counts.Answered, bench.Many(r.TurnsAsked(), "turn"),
		wayName(r.Facts.Transport, r.Path()))
	if n := len(r.Turns.Calls); n > 1 {
		line += fmt.Sprintf(", in %d calls", n)
	}
	for _, part := range Wrap(line, width) {
		p.line("%s", part)
	}
	where := "nobody spoke"
	if r.Echo.Identity != "" {
		where = "called " + Printable(r.Echo.Identity)
	}
	if r.Location != "" {
		where += "; location " + Printable(r.Location)
	}
	p.line("%s", p.dim.Render(r.Start.UTC().Format("2006-01-02 15:04:05 UTC")+"; "+where))
}

// stripColumns is the width of a strip in columns.
const stripColumns = 40

// strips draws each turn on a common scale: when the caller and the agent spoke.
func (p *page) strips(of bench.Turns) {
	longest := of.Scale()
	if longest == 0 {
		return
	}
	step := (longest + stripColumns - 1) / stripColumns
	p.head(fmt.Sprintf("Turns                                          1 column = %d ms", step.Milliseconds()))
	p.line("  %s", p.dim.Render("█ caller  ▒ agent  ▓ both  · silence"))
	for _, t := range of.Turns {
		p.line("  %3d %-7s %s %s", t.Seq, cut(Printable(t.Said), 7), strip(t, step), fateText(t))
		why := []string{t.Why}
		if t.Held() {
			why = append(why, fmt.Sprintf("uneven by %s ms: a packet that it is measured by came so late, or more",
				whole(t.Uneven)))
		}
		for _, text := range why {
			for _, line := range Wrap(Printable(text), width-6) {
				if line != "" {
					p.line("      %s", p.dim.Render(line))
				}
			}
		}
	}
}

// strip draws a turn; each character stands for step. If the wait for the agent is longer than the strip, an arrow ends
// it.
func strip(t bench.TurnFact, step time.Duration) string {
	var b strings.Builder
	for i := range stripColumns {
		at := time.Duration(i)*step + step/2
		switch caller, agent := within(t.Caller, at), within(t.Agent, at); {
		case caller && agent:
			b.WriteString("▓")
		case caller:
			b.WriteString("█")
		case agent:
			b.WriteString("▒")
		case at > t.Over():
			b.WriteString(" ")
		case i == stripColumns-1 && t.Over() > stripColumns*step+step/2:
			b.WriteString("→")
		default:
			b.WriteString("·")
		}
	}
	return b.String()
}

func intervalOf(s bench.Span, q float64) bench.Interval {
	return bench.Interval{Lo: s.From.D, Hi: s.To.D, OK: s.From.OK, Needed: bench.Turn.Needed(q)}
}

func within(spans []bench.Span, at time.Duration) bool {
	return slices.ContainsFunc(spans, func(s bench.Span) bool { return s.From.D <= at && at < s.To.D })
}

// Turn describes one turn in words.
func Turn(t bench.TurnFact) string {
	fate, marks := Fate(t)
	if marks != "" {
		fate += ", " + marks
	}
	return Printable(t.Said) + ": " + fate
}

// Fate is the result of a turn, and the marks that make the result unsure.
func Fate(t bench.TurnFact) (fate, marks string) {
	var list []string
	if t.Starved() {
		list = append(list, fmt.Sprintf("stalled %s ms", whole(t.Stalled)))
	}
	if t.Held() {
		list = append(list, fmt.Sprintf("uneven by %s ms", whole(t.Uneven)))
	}
	return strings.TrimSpace(fateText(t)), strings.Join(list, ", ")
}

// fateText is the result of a turn in a table: the figures of an answered turn, or the fate of another turn.
func fateText(t bench.TurnFact) string {
	switch t.Fate {
	case bench.TurnAnswered:
		text := fmt.Sprintf("%5s ms, reply %s", whole(t.Latency), seconds(t.Reply))
		if t.BargeIn.OK {
			text = fmt.Sprintf("%5s ms, barge-in %s ms", whole(t.Latency), whole(t.BargeIn))
		}
		return text
	case bench.TurnUnanswered:
		if t.Waited.OK {
			return fmt.Sprintf("no answer in %s", seconds(t.Waited))
		}
	case bench.TurnEarly:
		return fmt.Sprintf("early by %s ms", whole(bench.Quantity{D: -t.Latency.D, OK: t.Latency.OK}))
	}
	return string(t.Fate)
}

func (p *page) turnDetails(r bench.Record) {
	p.head("Details")
	item := func(name, format string, args ...any) { p.line("  %-14s %s", name, fmt.Sprintf(format, args...)) }
	note := func(name, value, text string) { item(name, "%s  %s", value, p.dim.Render(text)) }
	fates := map[bench.TurnFate]int{}
	var errors []time.Duration
	uneven, stalled := 0, 0
	for _, t := range r.Turns.Turns {
		fates[t.Fate]++
		if t.Fate == bench.TurnAnswered && t.Held() {
			uneven++
		}
		if t.Fate == bench.TurnAnswered && t.Starved() {
			stalled++
		}
		if t.OwnError.OK {
			errors = append(errors, t.OwnError.D)
		}
	}
	if s := r.Summary; s.LossKnown {
		note("no answer", fmt.Sprintf("%.1f %%", 100*s.Loss), fmt.Sprintf("%d of %d within %v; 95 %% interval "+
			"%.1f … %.1f %%", r.Counts.Failed(), r.Counts.Settled(), r.Plan.Timeout, 100*s.LossLo, 100*s.LossHi))
	}
	if n := fates[bench.TurnEarly]; n > 0 {
		note("early", fmt.Sprint(n), "the agent began before the caller had ended: no latency")
	}
	var greetings, dispatches []time.Duration
	packets, lost, late := 0, 0, time.Duration(0)
	for _, c := range r.Turns.Calls {
		if c.Greeting.OK {
			greetings = append(greetings, c.Greeting.D)
		}
		if c.Dispatch.OK {
			dispatches = append(dispatches, c.Dispatch.D)
		}
		packets, lost, late = packets+c.Packets, lost+c.Lost, max(late, c.OwnLate.D)
	}
	p.networkShare(r)
	if uneven > 0 {
		note("uneven", fmt.Sprint(uneven), "marked: a packet that counts came more than 20 ms late")
	}
	if stalled > 0 {
		note("stalled", fmt.Sprint(stalled), "marked: this process let its packets wait for over 20 ms")
	}
	p.middle("dispatch", dispatches, "order to the agent's joining")
	p.middle("greeting", greetings, "both there to the first audible sample")
	p.replies(*r.Turns)
	if packets > 0 {
		note("lost", fmt.Sprint(lost), fmt.Sprintf("of %s of the agent's: silence is in %s place",
			bench.Many(packets+lost, "packet"), bench.Form(lost, "its", "their")))
	}
	if len(errors) > 0 {
		sorted := stats.Sorted(errors)
		p50, _ := stats.Quantile(sorted, 0.5)
		p95, _ := stats.Quantile(sorted, 0.95)
		note("own error", SignedDecimal(millis(p50), 2)+" ms",
			fmt.Sprintf("P95 %s ms; by the agent's log, network included", SignedDecimal(millis(p95), 2)))
	}
	rule := r.Turns.Rule
	note("rule", fmt.Sprintf("%.0f dBFS", rule.Quietest), fmt.Sprintf("or %.0f dB above the noise, in windows of %v",
		rule.AboveFloor, rule.Window.D))
	note("instrument", fmt.Sprintf("%.2f ms", millis(late)), "the latest packet of ours, against its grid of 20 ms")
	if rule.Recording != "" {
		note("recording", Printable(rule.Recording), "left: what left here; right: what arrived")
	}
}

// replies writes figures about the agent's replies, except when they began.
func (p *page) replies(of bench.Turns) {
	var lasted, barge, both []time.Duration
	gaps, longest := 0, bench.Quantity{OK: true}
	for _, t := range of.Turns {
		for _, of := range []struct {
			q    bench.Quantity
			list *[]time.Duration
		}{{t.Reply, &lasted}, {t.BargeIn, &barge}, {t.TalkOver, &both}} {
			if of.q.OK {
				*of.list = append(*of.list, of.q.D)
			}
		}
		for _, g := range t.Gaps {
			gaps, longest.D = gaps+1, max(longest.D, g.To.D-g.From.D)
		}
	}
	p.middle("reply", lasted, "first to last audible sample of the agent")
	p.middle("barge-in", barge, "the caller's interruption to the agent's last audible sample")
	p.middle("talk-over", both, "caller and agent at one time")
	if gaps > 0 {
		p.line("  %-14s %d  %s", "gaps", gaps, p.dim.Render(fmt.Sprintf("in the replies, of %s ms or more; the "+
			"longest %s ms", whole(of.Rule.Gap), whole(longest))))
	}
}

// networkShare writes which part of a turn the network takes, if it is known, and which part is left for the agent.
func (p *page) networkShare(r bench.Record) {
	var ways []time.Duration
	by := ""
	for _, c := range r.Turns.Calls {
		if c.Network.OK {
			ways, by = append(ways, c.Network.D), c.NetworkBy
		}
	}
	if len(ways) == 0 {
		return
	}
	way, _ := stats.Quantile(stats.Sorted(ways), 0.5)
	p.line("  %-14s %s ms  %s", "network", Decimal(millis(way), 1), p.dim.Render(map[string]string{
		bench.NetworkByEcho:    "audio pings to an echo in the room and back",
		bench.NetworkByReports: "to the server and back; the agent's own way is not in it",
	}[by]))
	switch least, p50 := r.Summary.Min, r.Summary.P50; {
	case !p50.OK:
	case least.D <= way: // no share of a turn is longer than the turn
		p.line("  %-14s %s", "", p.dim.Render("longer than a turn was: it is no share of these turns"))
	default:
		p.line("  %-14s %s ms  %s", "agent", whole(bench.Known(p50.D-way, true)), p.dim.Render(
			"the rest of the P50: it hears the end, thinks, speaks"))
	}
}

// middle writes a line with the median of list.
func (p *page) middle(name string, list []time.Duration, text string) {
	if len(list) == 0 {
		return
	}
	p50, _ := stats.Quantile(stats.Sorted(list), 0.5)
	if len(list) > 1 {
		text = fmt.Sprintf("(P50 of %d) %s", len(list), text)
	}
	p.line("  %-14s %s ms  %s", name, whole(bench.Quantity{D: p50, OK: true}), p.dim.Render(text))
}

// whole is a duration of speech in milliseconds. It has no decimals: the end of speech is not known to less than 1 ms.
func whole(q bench.Quantity) string {
	if !q.OK {
		return "–"
	}
	return Decimal(millis(q.D), 0)
}

func seconds(q bench.Quantity) string {
	if !q.OK {
		return "–"
	}
	return fmt.Sprintf("%.1f s", q.D.Seconds())
}
