package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"rtcbench/bench"
)

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// progress shows a bar with the round trip of the latest ping. end takes it away.
func progress(w io.Writer, count int) (on func(bench.Sample), end func()) {
	bar := progressbar.NewOptions(count,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("warming up"), progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarEnd: " "}), progressbar.OptionSetPredictTime(false),
	)
	bar.RenderBlank()
	done, failed := 0, 0
	lost := map[uint32]bool{} // a lost ping may turn out late, and then comes again
	on = func(s bench.Sample) {
		switch s.Outcome {
		case bench.NotSent:
			return
		case bench.Lost:
			lost[s.Seq] = true
			failed++
		default:
			if lost[s.Seq] {
				return
			}
			if s.Outcome == bench.Late {
				failed++
			}
		}
		bar.Describe(fmt.Sprintf("%7.2f ms, %d failed", float64(s.RTT)/1e6, failed))
		if done++; done <= count {
			bar.Set(done)
		}
	}
	return on, func() {
		cleared := make(chan struct{})
		go func() { bar.Clear(); close(cleared) }()
		select { // a terminal that takes nothing must not keep the result
		case <-cleared:
		case <-time.After(time.Second):
		}
	}
}
