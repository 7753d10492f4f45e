package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"rtcbench/internal/stats"
)

const (
	bins     = 10 // rows at the most; the last one is open
	barWidth = 44
)

// bin counts the values in [From, From + step). An open bin counts all values from From on.
type bin struct {
	From  time.Duration
	Count int
	Open  bool
}

// distribution draws a small histogram: equal steps over the bulk, and the tail in one row.
func (p *page) distribution(rtts []time.Duration) {
	if len(rtts) < 2 {
		return
	}
	list, step := binned(stats.Sorted(rtts))
	most := 0
	for _, b := range list {
		most = max(most, b.Count)
	}
	decimals := max(0, int(math.Ceil(-math.Log10(millis(step))-1e-9)))
	p.head("Distribution            ms   answered pings")
	for _, b := range list {
		label := fmt.Sprintf("%.*f", decimals, millis(b.From))
		if b.Open {
			label = "≥ " + label
		}
		count := p.dim.Render(fmt.Sprint(b.Count))
		if b.Count > 0 {
			count = p.bar.Render(bar(b.Count, most)) + " " + count
		}
		p.line("  %24s   %s", label, count)
	}
}

// binned counts values in rows. Values far above the bulk are counted in an open last row: so an outlier does not press
// all other values into the first row.
func binned(sorted []time.Duration) (list []bin, step time.Duration) {
	low, high := sorted[0], sorted[len(sorted)-1]
	bulk, _ := stats.Quantile(sorted, 0.95)
	top := min(high, bulk+(bulk-low)/2)
	step = niceStep((top - low) / (bins - 2))
	first := low / step * step
	for _, v := range sorted {
		i := min(int((v-first)/step), bins-1)
		for len(list) <= i {
			list = append(list, bin{From: first + time.Duration(len(list))*step, Open: len(list) == bins-1})
		}
		list[i].Count++
	}
	return list, step
}

// niceStep is the least of 1, 2, 5, 10, 20, … µs that is not below d.
func niceStep(d time.Duration) time.Duration {
	for step := time.Microsecond; ; step *= 10 {
		for _, f := range []time.Duration{1, 2, 5} {
			if f*step >= d {
				return f * step
			}
		}
	}
}

// bar draws n of most, in eighths of a character. It draws at least one eighth.
func bar(n, most int) string {
	eighths := max(1, n*barWidth*8/most)
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return s
}
