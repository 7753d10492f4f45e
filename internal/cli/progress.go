package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"rtcbench/bench"
	"rtcbench/internal/archive"
)

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// progress shows a bar with the round trip of the latest ping. end takes it away.
func progress(w io.Writer, count int) (on func(bench.Sample), end func()) {
	bar := progressbar.NewOptions(count, append(barLook(w), progressbar.OptionSetDescription("warming up"),
		progressbar.OptionShowCount())...)
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
		progressbar.OptionThrottle(50 * time.Millisecond), progressbar.OptionClearOnFinish(),
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

// worthABar is how many bytes are read without a word.
const worthABar = 16 << 20

// workBar shows on a terminal how far a command is that reads large files and computes long: first bytes, then steps.
// The zero value shows nothing.
type workBar struct {
	w      io.Writer
	lock   sync.Mutex
	bar    *progressbar.ProgressBar // the one that is shown now
	ended  bool
	silent bool
}

// working begins a bar for files. It is silent where they are small, or nobody looks.
func (a *app) working(files ...archive.Side) *workBar {
	total := int64(0)
	for _, f := range files {
		if info, err := os.Stat(f.File); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
	}
	if total < worthABar || !isTerminal(a.stderr) {
		return &workBar{silent: true}
	}
	b := &workBar{w: a.stderr}
	b.bar = progressbar.NewOptions64(total, append(barLook(b.w), progressbar.OptionSetDescription("reading"),
		progressbar.OptionShowBytes(true))...)
	return b
}

// open opens a file of results, whose bytes are counted as they are read.
func (b *workBar) open(path string) (io.ReadCloser, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.bar == nil {
		return f, nil
	}
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(f, b.bar), f}, nil
}

// step shows that done steps of so many are done.
func (b *workBar) step(done, of int) {
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

// pause takes the bar away, until the next step.
func (b *workBar) pause() {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.bar != nil {
		clearBar(b.bar)
		b.bar = nil
	}
}

// end takes the bar away for good. It may be called again.
func (b *workBar) end() {
	b.pause()
	b.lock.Lock()
	defer b.lock.Unlock()
	b.ended = true
}
