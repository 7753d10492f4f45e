package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"rtcbench/bench"
)

// silence is how long a page may send nothing during a run before it counts as hung. It sends
// every 100 ms.
const silence = 5 * time.Second

// batch is samples from the page.
type batch []row

// row is a sample as main.ts writes it.
type row [10]float64

func (r row) sample() bench.Sample {
	return bench.Sample{
		Seq: uint32(r[0]), Outcome: bench.Outcome(r[1]), Reason: bench.Reason(r[2]), Stamped: r[3] != 0,
		Due: millis(r[4]), Sent: millis(r[5]), SendCall: millis(r[6]), RTT: millis(r[7]), Hold: millis(r[8]), Up: millis(r[9]),
	}
}

func (p *Page) news(text string) (chromedp.Void, error) {
	var b batch
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return chromedp.Void{}, err
	}
	select {
	case p.batches <- b:
	case <-p.ctx.Done():
	}
	return chromedp.Void{}, nil
}

// plan is bench.Plan in the page's words.
type plan struct {
	Count            int     `json:"count"`
	Cooldown         float64 `json:"cooldown"`
	Timeout          float64 `json:"timeout"`
	Warmup           int     `json:"warmup"`
	EchoTimeout      float64 `json:"echoTimeout"`
	ReconnectTimeout float64 `json:"reconnectTimeout"`
	Payload          int     `json:"payload"`
	Lossy            bool    `json:"lossy"`
	Aligned          bool    `json:"aligned"`
	Phase            float64 `json:"phase"`
	Echo             string  `json:"echo"`
}

// result is probe.ts's.
type result struct {
	Ended, Error                              string
	NoEcho                                    bool
	Start, End                                float64
	FirstPong                                 float64
	Identity, Kind                            string
	Others                                    []string
	Duplicate, Malformed, Foreign, WarmupSent int
	Visible                                   string
	Samples                                   batch
}

var _ bench.Prober = (*Page)(nil)

// Probe carries out pl in the page, which runs the whole loop. When the page crashes, hangs or
// its browser dies, what it had sent is returned with the error.
func (p *Page) Probe(ctx context.Context, pl bench.Plan, on func(bench.Sample)) (bench.Run, error) {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	type answer struct {
		r   result
		err error
	}
	done := make(chan answer, 1)
	running, cancel := context.WithCancel(p.ctx)
	defer cancel()
	go func() {
		r, err := evaluate[result](running, p, "probe", plan{
			pl.Count, ms(pl.Cooldown), ms(pl.Timeout), pl.Warmup, ms(pl.EchoTimeout), ms(pl.ReconnectTimeout), pl.PayloadBytes, pl.Lossy, pl.Aligned, ms(pl.Phase), pl.Echo,
		})
		done <- answer{r, err}
	}()
	c := collected{on: on}
	alarm := time.NewTimer(silence)
	defer alarm.Stop()
	stopping := ctx.Done()
	for {
		select {
		case b := <-p.batches:
			c.add(b)
			alarm.Reset(silence)
		case a := <-done:
			c.add(a.r.Samples)
			return p.finish(pl, c.samples, a.r, a.err, ctx)
		case <-p.gone:
			return p.finish(pl, c.samples, result{}, errors.New("the page crashed, or its browser ended"), ctx)
		case <-alarm.C:
			return p.finish(pl, c.samples, result{}, fmt.Errorf("the page was silent for %v: it hangs, or its machine is starved", silence), ctx)
		case <-stopping:
			stopping = nil
			go func() {
				bye, cancel := context.WithTimeout(context.Background(), leaveTimeout)
				defer cancel()
				evaluate[any](bye, p, "stop", nil)
			}()
			alarm.Reset(leaveTimeout)
		}
	}
}

// collected is samples by number; the page sends one again when its fate changes.
type collected struct {
	on      func(bench.Sample)
	samples []bench.Sample
}

func (c *collected) add(b batch) {
	for _, r := range b {
		s := r.sample()
		for int(s.Seq) > len(c.samples) {
			c.samples = append(c.samples, bench.Sample{Seq: uint32(len(c.samples) + 1)})
		}
		known := &c.samples[s.Seq-1]
		changed := known.Outcome != s.Outcome
		*known = s
		if changed && c.on != nil {
			c.on(s)
		}
	}
}

// finish makes the run. facts are asked of a page that may be gone: what is not known stays empty.
func (p *Page) finish(pl bench.Plan, samples []bench.Sample, r result, err error, ctx context.Context) (bench.Run, error) {
	asking, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	f, _ := evaluate[facts](asking, p, "facts", nil)
	run := bench.Run{
		ID: uuid.Must(uuid.NewV7()).String(), Plan: pl, Ended: bench.Ended(r.Ended), Samples: samples, Clocks: bench.UnknownOffsets,
		Counts: bench.Counts{Duplicate: r.Duplicate, Malformed: r.Malformed, Foreign: r.Foreign, WarmupSent: r.WarmupSent},
		Echo:   bench.Echo{Kind: r.Kind, Identity: r.Identity, Others: slices.Clone(r.Others), FirstPong: millis(r.FirstPong)},
		Facts:  f.bench(p.identity), Start: unixMilli(r.Start), End: unixMilli(r.End),
	}
	run.Counts.Tally(samples)
	switch {
	case err != nil:
		run.Ended = bench.LinkLost
	case r.NoEcho:
		run.Ended = bench.DeadlinePassed
		err = fmt.Errorf("%w in %v", bench.ErrNoEcho, pl.EchoTimeout)
	case r.Ended == string(bench.Interrupted):
		err = context.Cause(ctx)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			run.Ended = bench.DeadlinePassed
		}
	case r.Ended == string(bench.LinkLost):
		err = fmt.Errorf("%w: %s", bench.ErrEnded, r.Error)
	}
	if r.Start == 0 {
		run.Start = time.Now()
		run.End = run.Start
	}
	if r.Visible != "" && r.Visible != "visible" {
		run.Doubts = append(run.Doubts, bench.Doubt{Code: "page-hidden", Text: "the page was in the background; its timers may have been slowed"})
	}
	run.Err = err
	return run, err
}
