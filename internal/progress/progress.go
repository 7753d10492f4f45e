// Package progress shows on a terminal how far something is that takes its time.
package progress

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"rtcbench/bench"
)

// IsTerminal reports whether somebody looks at w.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Log writes a line for each ping, at the level debug.
func Log(log *slog.Logger) func(bench.Sample) {
	return func(s bench.Sample) {
		attrs := []any{"seq", s.Seq, "outcome", s.Outcome.String()}
		if s.Outcome == bench.NotSent {
			attrs = append(attrs, "reason", s.Reason.String())
		}
		if s.RTT > 0 {
			attrs = append(attrs, "rtt", s.RTT)
		}
		log.Debug("ping", attrs...)
	}
}

// LogTurn writes a line for a turn, at the level debug.
func LogTurn(log *slog.Logger, t bench.TurnFact) {
	known := []any{"seq", t.Seq, "said", t.Said, "fate", t.Fate}
	for _, of := range []struct {
		name string
		bench.Quantity
	}{{"latency", t.Latency}, {"waited", t.Waited}, {"speech", t.Speech}, {"reply", t.Reply}, {"barge_in", t.BargeIn},
		{"talk_over", t.TalkOver}, {"stalled", t.Stalled}, {"uneven", t.Uneven}} {
		if of.OK {
			known = append(known, of.name, of.D.Round(10*time.Microsecond))
		}
	}
	known = append(known, "floor_dbfs", math.Round(t.Floor), "threshold_dbfs", math.Round(t.Threshold), "lost", t.Lost,
		"clicks", t.Clicks)
	if t.Why != "" {
		known = append(known, "why", t.Why)
	}
	log.Debug("turn", known...)
}

// Pings shows a bar with the round trip of the latest ping. end takes it away.
func Pings(w io.Writer, count int) (on func(bench.Sample), end func()) {
	bar := progressbar.NewOptions(count, append(barLook(w),
		progressbar.OptionSetDescription("warming up"), progressbar.OptionShowCount())...)
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
	return on, func() { clearBar(bar) }
}

func barLook(w io.Writer) []progressbar.Option {
	return []progressbar.Option{
		progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(50 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarEnd: " "}),
		progressbar.OptionSetPredictTime(false),
	}
}

// clearBar takes bar away. A terminal that takes nothing must not keep the result.
func clearBar(bar *progressbar.ProgressBar) {
	cleared := make(chan struct{})
	go func() { bar.Clear(); close(cleared) }()
	select {
	case <-cleared:
	case <-time.After(time.Second):
	}
}

// Count counts the bytes that are read of f.
func (b *Work) Count(f io.ReadCloser) io.ReadCloser {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.bar == nil {
		return f
	}
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(f, b.bar), f}
}

// Step shows that done steps of so many are done.
func (b *Work) Step(done, of int) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.silent || b.ended {
		return
	}
	if b.bar == nil {
		b.bar = progressbar.NewOptions(of, append(barLook(b.w), progressbar.OptionSetDescription("comparing"))...)
	}
	b.bar.Set(done)
}

// Pause takes the bar away, until the next step.
func (b *Work) Pause() {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.bar != nil {
		clearBar(b.bar)
		b.bar = nil
	}
}

// End takes the bar away for good. It may be called again.
func (b *Work) End() {
	b.Pause()
	b.lock.Lock()
	defer b.lock.Unlock()
	b.ended = true
}
