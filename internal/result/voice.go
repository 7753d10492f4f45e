package result

import (
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/voice"
)

type (
	// Voice is what a path of audio packets means for people who talk over it (docs/methodology.md).
	Voice struct {
		Way        string  `json:"way"` // the worse way: "up" or "down"
		MouthToEar float64 `json:"mouth_to_ear_ms"`
		R          float64 `json:"r"`
		MOS        float64 `json:"mos_cqe"`
		Bound      bool    `json:"bound"` // the codec is not known: r and mos_cqe are upper bounds
		Network    float64 `json:"network_ms"`
		TurnShare  float64 `json:"turn_share"`

		Assumed Assumed     `json:"assumed"`
		Parts   []VoicePart `json:"parts"`
	}
	// Assumed are the values that were not measured. A null buffer_ms means that the measured buffer is used.
	Assumed struct {
		Capture float64  `json:"capture_ms"`
		Frame   float64  `json:"frame_ms"`
		Playout float64  `json:"playout_ms"`
		Buffer  *float64 `json:"buffer_ms"`
		Turn    float64  `json:"turn_ms"`
		Codec   *Codec   `json:"codec"`
	}
	// Codec is the impairment that a codec adds. null = not given; no standard has values for Opus.
	Codec struct {
		Ie     float64 `json:"ie"`
		Bpl    float64 `json:"bpl"`
		Source string  `json:"source"`
	}
	// VoicePart is one value behind the rating, with its source. null = not given.
	VoicePart struct {
		Name   string   `json:"name"`
		Value  *float64 `json:"value"`
		Unit   string   `json:"unit"`
		Source string   `json:"source"`
	}
)

// newVoice is nil for a run that is not of audio or has no answer.
func newVoice(r bench.Record) *Voice {
	if r.Facts.Transport != bench.RTPAudio {
		return nil
	}
	v, a := voice.Told(r), voice.AssumedOf(r.Run)
	if !v.Known {
		return nil
	}
	out := &Voice{
		Way: v.Way, MouthToEar: ms(v.MouthToEar), R: v.R, MOS: v.MOS, Bound: v.Bound, Network: ms(v.Network),
		TurnShare: v.TurnShare,
		Assumed: Assumed{Capture: ms(a.Capture), Frame: ms(a.Frame), Playout: ms(a.Playout), Buffer: quantity(a.Buffer),
			Turn: ms(a.Turn)},
		Parts: []VoicePart{},
	}
	if c := a.Codec; c.Known {
		out.Assumed.Codec = &Codec{c.Ie, c.Bpl, c.Source}
	}
	for _, p := range v.Parts {
		out.Parts = append(out.Parts, VoicePart{p.Name, when(p.Known, p.Value), p.Unit, p.Source})
	}
	return out
}

// told is the conversation in a file; the zero value = there is none.
func (v *Voice) told() (c bench.Conversation) {
	if v == nil {
		return c
	}
	c = bench.Conversation{
		Known: true, Way: v.Way, MouthToEar: nanos(v.MouthToEar), R: v.R, MOS: v.MOS, Bound: v.Bound,
		Network: nanos(v.Network), TurnShare: v.TurnShare,
	}
	for _, p := range v.Parts {
		c.Parts = append(c.Parts, bench.ConversationPart{Name: p.Name, Known: p.Value != nil, Value: zero(p.Value),
			Unit: p.Unit, Source: p.Source})
	}
	return c
}

// assumed are the assumptions of a run; nil = the defaults.
func (v *Voice) assumed() *bench.Assumed {
	if v == nil {
		return nil
	}
	a := v.Assumed
	out := bench.Assumed{Capture: nanos(a.Capture), Frame: nanos(a.Frame), Playout: nanos(a.Playout),
		Buffer: q(a.Buffer), Turn: nanos(a.Turn)}
	if a.Codec != nil {
		out.Codec = bench.Codec{Known: true, Ie: a.Codec.Ie, Bpl: a.Codec.Bpl, Source: a.Codec.Source}
	}
	return voice.Assumed(out)
}

// check is an error if a value of v is not possible.
func (v *Voice) check() error {
	switch {
	case v == nil:
		return nil
	case v.Way != "up" && v.Way != "down":
		return fmt.Errorf("details.voice.way: %.40q is neither up nor down", v.Way)
	case v.R > 100:
		return fmt.Errorf("details.voice.r: %s is above 100", plain(v.R))
	case v.MOS < 1 || v.MOS > 4.5:
		return fmt.Errorf("details.voice.mos_cqe: %s is not from 1 to 4.5", plain(v.MOS))
	case v.Assumed.Turn <= 0:
		return fmt.Errorf("details.voice.assumed.turn_ms: %s is not above 0", plain(v.Assumed.Turn))
	}
	return nil
}
