package report

import (
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/voice"
)

// voice writes in one line what a path of audio packets means for people who talk over it.
func (p *page) voice(r bench.Record) {
	if v, ok := heard(r); ok {
		p.item("voice", "%s", rated(v))
	} else if r.Facts.Transport == bench.RTPAudio {
		p.item("voice", "%s", p.dim.Render("not known: "+v.Why))
	}
}

// heard is the rating of a run of audio packets; ok is false for every other run, and if it is not known.
func heard(r bench.Record) (v voice.Verdict, ok bool) {
	if r.Facts.Transport != bench.RTPAudio {
		return v, false
	}
	v = voice.Told(r)
	return v, v.Known
}

// ears is the line about voice for a narrow column; "" = there is none.
func ears(r bench.Record) string {
	v, ok := heard(r)
	if !ok {
		return ""
	}
	is := sign(v)
	return fmt.Sprintf("%.0f ms, R %s %.1f, MOS %s %.2f", millis(v.MouthToEar), is, v.R, is, v.MOS)
}

// sign says whether the rating is exact (=) or an upper bound (≤).
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

// explain lists the values behind the line about voice. Each is measured or assumed, and has a source.
func (p *page) explain(of string, r bench.Record) {
	v := voice.Told(r)
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
		if part.Name == "turn" { // the turn does not count in the rating
			p.sourced("R", fmt.Sprintf("%s%.1f", is, v.R), why)
			p.sourced("MOS-CQE", fmt.Sprintf("%s%.2f", is, v.MOS), "ITU-T G.107, annex B: of a conversation, estimated")
		}
		p.sourced(part.Name, valueOf(part), part.Source)
	}
}

// valueOf is the value of a part; a time is in milliseconds.
func valueOf(part voice.Part) string {
	switch {
	case !part.Known:
		return "–"
	case part.Unit == "%":
		return fmt.Sprintf("%.2f %%", part.Value)
	}
	return fmt.Sprintf("%.2f", part.Value)
}

// sourced writes a value and its source, on as many lines as they need.
func (p *page) sourced(name, value, source string) {
	for _, line := range Wrap(source, width-29) {
		p.line("  %-14s %9s   %s", name, value, p.dim.Render(line))
		name, value = "", ""
	}
}
