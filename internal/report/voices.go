package report

import (
	"fmt"
	"slices"
	"strconv"

	"rtcbench/bench"
	"rtcbench/internal/voice"
)

// Voices is what the runs of a side mean for people who talk over their paths. Each figure is the median over the runs.
type Voices struct {
	MouthToEar float64 `json:"mouth_to_ear_ms"`
	R          float64 `json:"r"`
	MOS        float64 `json:"mos_cqe"`
	Bound      bool    `json:"bound"` // the codec of a run is not known: r and mos_cqe are upper bounds
	TurnShare  float64 `json:"turn_share"`
	assumed    []voice.Assumptions
}

// newVoices is nil if a run is not of audio, or if no run has an answer.
func newVoices(runs []bench.Record) *Voices {
	v, n := Voices{}, 0
	var delays, ratings, scores, shares []float64
	for _, r := range runs {
		c, ok := heard(r)
		if r.Facts.Transport != bench.RTPAudio {
			return nil
		}
		if !ok {
			continue
		}
		n++
		v.Bound = v.Bound || c.Bound
		delays, ratings = append(delays, millis(c.MouthToEar)), append(ratings, c.R)
		scores, shares = append(scores, c.MOS), append(shares, c.TurnShare)
		if a := voice.AssumedOf(r.Run); !slices.Contains(v.assumed, a) {
			v.assumed = append(v.assumed, a)
		}
	}
	if n == 0 {
		return nil
	}
	median := func(list []float64) float64 {
		slices.Sort(list)
		return (list[(n-1)/2] + list[n/2]) / 2
	}
	v.MouthToEar, v.R, v.MOS, v.TurnShare = median(delays), median(ratings), median(scores), median(shares)
	return &v
}

// rating is x with so many digits; ≤ before it marks an upper bound.
func (v *Voices) rating(x float64, digits int) string {
	is := ""
	if v.Bound {
		is = "≤ "
	}
	return is + strconv.FormatFloat(x, 'f', digits, 64)
}

// noteAssumed warns if the two sides assume different values about voice.
func noteAssumed(a, b *Voices) []string {
	if a == nil || b == nil || len(a.assumed) == 1 && slices.Equal(a.assumed, b.assumed) {
		return nil
	}
	return []string{"the runs assume unlike things of a voice (details.voice.assumed): mouth to ear, R and MOS " +
		"differ by that too"}
}

// runVoice is what a run means for people who talk over its path.
type runVoice struct {
	Way        string  `json:"way"`
	MouthToEar float64 `json:"mouth_to_ear_ms"`
	R          float64 `json:"r"`
	MOS        float64 `json:"mos_cqe"`
	Bound      bool    `json:"bound"`
	TurnShare  float64 `json:"turn_share"`
}

func newRunVoice(r bench.Record) *runVoice {
	v, ok := heard(r)
	if !ok {
		return nil
	}
	return &runVoice{v.Way, millis(v.MouthToEar), v.R, v.MOS, v.Bound, v.TurnShare}
}

// voiceColumns are the columns about voice in a CSV file.
var voiceColumns = []string{"voice_way", "mouth_to_ear_ms", "r", "mos_cqe", "r_is_bound", "turn_share"}

// cells are the cells of voiceColumns; empty if v is nil.
func (v *runVoice) cells(number func(float64) string) []string {
	if v == nil {
		return make([]string, len(voiceColumns))
	}
	return []string{v.Way, number(v.MouthToEar), number(v.R), number(v.MOS), strconv.FormatBool(v.Bound),
		number(v.TurnShare)}
}

// voices writes what the runs of audio mean for people who talk over their paths.
func (p *page) voices(runs []bench.Record) {
	head := false
	for _, r := range runs {
		v, ok := heard(r)
		if !ok {
			continue
		}
		if !head {
			p.head(fmt.Sprintf("%-11s %-10s %-8s %-7s %-4s %12s %8s %8s %11s %-8s", "Voice", "location", "platform",
				"engine", "way", "mouth to ear", "R", "MOS-CQE", "of a turn %", "run"))
			head = true
		}
		is := ""
		if v.Bound {
			is = "≤ "
		}
		p.line("%-11s %-10s %-8s %-7s %-4s %12.1f %8s %8s %11.1f %s", minute(r.End)[5:],
			cut(bench.SeriesOf(r.Run).Way(), 10), r.Platform, r.Facts.Engine, v.Way, millis(v.MouthToEar),
			is+fmt.Sprintf("%.1f", v.R), is+fmt.Sprintf("%.2f", v.MOS), 100*v.TurnShare, ShortID(r.ID))
	}
}
