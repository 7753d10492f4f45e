package browser

import (
	"context"
	"errors"
	"time"

	"rtcbench/internal/stats"
)

// offsetRounds is how often the two clocks are read. The readings with the tightest bounds count.
const offsetRounds = 20

// Offset bounds the clock of echo minus that of runner. Each page's clock is read between two
// readings of ours, which bounds its offset to us; the two bounds together bound the offset
// between the pages.
func Offset(ctx context.Context, runner, echo *Page) (stats.Offset, error) {
	base := time.Now()
	var a, b stats.Offset
	for i := range offsetRounds {
		for _, x := range []struct {
			page  *Page
			bound *stats.Offset
		}{{runner, &a}, {echo, &b}} {
			before := time.Since(base)
			clock, err := evaluate[float64](ctx, x.page, "clock", nil)
			after := time.Since(base)
			if err != nil {
				return stats.Offset{}, err
			}
			read := fromMillis(clock - float64(base.UnixMicro())/1e3)
			lo, hi := read-after, read-before
			if i == 0 {
				x.bound.Lo, x.bound.Hi = lo, hi
			}
			x.bound.Lo, x.bound.Hi = max(x.bound.Lo, lo), min(x.bound.Hi, hi)
		}
	}
	o := stats.Offset{Lo: b.Lo - a.Hi, Hi: b.Hi - a.Lo}
	if o.Lo > o.Hi {
		return o, errors.New("the clocks of the two pages moved against each other")
	}
	o.Theta = (o.Lo + o.Hi) / 2
	return o, nil
}
