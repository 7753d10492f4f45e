package main

import (
	"fmt"
	"io"

	"rtcbench/bench"
)

// packets says of the runs of audio whether each packet was found at all four hops, and whether they lost on each way
// what the router dropped there.
func (a answers) packets(w io.Writer) {
	for _, engine := range engines {
		matched, pings, exact, of, wrong := 0, 0, 0, 0, 0
		for _, o := range a.Outcomes {
			if o.Engine != engine || o.Channel != "audio" || o.Failed != "" {
				continue
			}
			if o.lossFree() {
				matched, pings = matched+o.Report.Matched, pings+o.Report.Pings
			}
			l := o.Report.Loss
			if l.Router == nil {
				continue
			}
			of++
			differ := distance(l.Up, l.Router.Up) + distance(l.Down, l.Router.Down) + l.Router.Wrong
			if wrong += differ; differ == 0 {
				exact++
			}
		}
		if pings > 0 {
			fmt.Fprintf(w, "| %s | audio | packets found at all four hops, where none is lost | ≥ 99.9 %% | "+
				"%d of %d | |\n", engine, matched, pings)
		}
		if of > 0 {
			fmt.Fprintf(w, "| %s | audio | loss up and down as the router's | exact | %d of %d | %s |\n",
				engine, exact, of, bench.Many(wrong, "ping"))
		}
	}
}

func distance(a, b int) int { return max(a-b, b-a) }
