package report

import (
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/voice"
)

// voice says in one line what a path of audio packets means for people who talk over it.
func (p *page) voice(r bench.Record, a voice.Assumptions) {
	if r.Facts.Transport != bench.RTPAudio {
		return
	}
	if v := voice.Of(r, a); v.Known {
		p.item("voice", "%s", rated(v))
	}
}

// ears is the line about voice for a narrow column; "" = there is none.
func (t Table) ears(r bench.Record) string {
	v := voice.Of(r, t.Voice)
	if r.Facts.Transport != bench.RTPAudio || !v.Known {
		return ""
	}
	is := sign(v)
	return fmt.Sprintf("%.0f ms, R %s %.1f, MOS %s %.2f", millis(v.MouthToEar), is, v.R, is, v.MOS)
}

// sign says whether the rating is all that there is to it.
func sign(v voice.Verdict) string {
	if v.Bound {
		return "≤"
	}
	return "="
}

func rated(v voice.Verdict) string {
	is := sign(v)
	return fmt.Sprintf("mouth to ear %.0f ms, R %s %.1f, MOS %s %.2f; %.0f %% of a turn", millis(v.MouthToEar), is,
		v.R, is, v.MOS, 100*v.TurnShare)
}

// explain says how the line about voice comes about: every value, measured or assumed, with its source.
func (p *page) explain(of string, r bench.Record, a voice.Assumptions) {
	v := voice.Of(r, a)
	if !v.Known {
		p.head(of + "Voice")
		p.line("  %s", v.Why)
		return
	}
	p.head(fmt.Sprintf("%-24s ms", of+"Voice, the way "+v.Way))
	if r.Facts.Transport != bench.RTPAudio {
		p.line("  %s", p.warn.Render("measured by messages: audio packets may travel otherwise"))
	}
	is, why := "", "ITU-T G.107, all else by its defaults"
	if v.Bound {
		is, why = "≤ ", why+"; of the delay alone"
	}
	for _, part := range v.Parts {
		if part.Name == "turn" { // it is no part of the rating
			p.sourced("R", fmt.Sprintf("%s%.1f", is, v.R), why)
			p.sourced("MOS-CQE", fmt.Sprintf("%s%.2f", is, v.MOS), "ITU-T G.107, annex B: of a conversation, estimated")
		}
		p.sourced(part.Name, part.Value, part.Source)
	}
}

// sourced is a value with its source, on as many lines as that needs.
func (p *page) sourced(name, value, source string) {
	for _, line := range Wrap(source, width-29) {
		p.line("  %-14s %9s   %s", name, value, p.dim.Render(line))
		name, value = "", ""
	}
}
