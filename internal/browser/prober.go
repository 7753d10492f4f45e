package browser

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"rtcbench/bench"
	"rtcbench/internal/browser/contract"
	"rtcbench/internal/recorder"
)

// A page sends a batch every 100 ms. Its silence is counted in ticks, because this process may have been stopped
// itself: that counts as one tick, and what the page sent meanwhile is still in the pipe.
const (
	tick       = time.Second
	mostTicks  = 20                     // of silence, before a page counts as hung: a laptop may be that busy
	byeTicks   = 2                      // the same, once the page was told to stop
	drainPause = 100 * time.Millisecond // for batches on their way from a page that is gone
)

func planOf(p bench.Plan) contract.Plan {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return contract.Plan{
		Count: p.Count, Cooldown: ms(p.Cooldown), Timeout: ms(p.Timeout), Warmup: p.Warmup,
		EchoTimeout:      ms(p.EchoTimeout),
		ReconnectTimeout: ms(p.ReconnectTimeout), Payload: p.PayloadBytes, Numbered: p.Numbered, Media: p.Media,
		Class: p.Class, Aligned: p.Aligned, Phase: ms(p.Phase), Echo: p.Echo, Run: strings.ToLower(rand.Text()[:8]),
	}
}

var _ bench.Prober = (*Page)(nil)

// Probe carries out pl in the page, which runs the whole loop. When the page crashes or hangs, or its browser dies,
// what the page had told by then is returned with the error.
func (p *Page) Probe(ctx context.Context, pl bench.Plan, on func(bench.Sample)) (bench.Run, error) {
	watch := recorder.Machine{}.Watch()
	c := collected{plan: pl, teller: recorder.NewTeller(on), facts: p.facts, waiting: map[int]contract.Batch{}}
	err := p.collect(ctx, &c)
	c.teller.Close()
	if err == nil { // the page lives: it may know more by now
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		if f, err := evaluate[contract.Facts](asking, p, "facts", nil); err == nil {
			c.facts = f
		}
		p.hangs.Store(asking.Err() != nil)
		cancel()
	}
	run := c.run(p.identity, p.build)
	run.Machine = watch.Machine()
	run.Machine.Waited = bench.Share{} // this process's threads waited, but the browser sent the pings
	run.Ended, run.Err = c.ending(ctx, err)
	return run, run.Err
}

// collect takes what the page sends until it has sent everything.
func (p *Page) collect(ctx context.Context, c *collected) error {
	type answer struct {
		batches int
		err     error
	}
	done := make(chan answer, 1)
	running, cancel := context.WithCancel(p.ctx)
	defer cancel()
	go func() {
		n, err := evaluate[int](running, p, "probe", planOf(c.plan))
		done <- answer{n, err}
	}()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	stopping, silent, most, all := ctx.Done(), 0, mostTicks, -1
	for all < 0 || c.next < all {
		select {
		case b := <-p.batches:
			c.add(b)
			silent = 0
		case a := <-done:
			if all = a.batches; a.err != nil {
				p.drain(c)
				return a.err
			}
		case <-p.gone:
			p.drain(c)
			return errors.New("the page crashed, or its browser ended")
		case <-ticker.C:
			if silent++; silent >= most && len(p.batches) == 0 {
				c.takeRest()
				p.hangs.Store(true)
				return fmt.Errorf("the page was silent for %v: it hangs, or its machine is starved",
					time.Duration(silent)*tick)
			}
		case <-stopping:
			stopping, silent, most = nil, 0, byeTicks
			go func() {
				bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
				defer cancel()
				evaluate[any](bye, p, "stop", nil)
			}()
		}
	}
	return nil
}

// drain takes what a page had sent before it ended.
func (p *Page) drain(c *collected) {
	timer := time.NewTimer(drainPause)
	defer timer.Stop()
	for {
		select {
		case b := <-p.batches:
			c.add(b)
		case <-timer.C:
			c.takeRest()
			return
		}
	}
}

func (p *Page) news(text string) (chromedp.Void, error) {
	var b struct {
		contract.Batch
		contract.Phase
		contract.Talk
	}
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		return chromedp.Void{}, err
	}
	if b.Reached != "" {
		p.reached(b.Reached)
		return chromedp.Void{}, nil
	}
	if b.Talk.Talk > 0 {
		select {
		case p.talks <- b.Talk:
		case <-p.ctx.Done():
		}
		return chromedp.Void{}, nil
	}
	select {
	case p.batches <- b.Batch: // also when the page is gone by now
		return chromedp.Void{}, nil
	default:
	}
	select {
	case p.batches <- b.Batch:
	case <-p.ctx.Done():
	}
	return chromedp.Void{}, nil
}

// ending says how the run ended. err is the reason why the page did not tell it.
func (c *collected) ending(ctx context.Context, err error) (bench.Ended, error) {
	s := c.state
	switch {
	case ctx.Err() != nil && (err != nil || s.Ended == bench.Interrupted):
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return bench.DeadlinePassed, context.Cause(ctx)
		}
		return bench.Interrupted, context.Cause(ctx)
	case err != nil:
		return bench.LinkLost, err
	case s.NoEcho:
		return bench.DeadlinePassed, bench.NoEcho(c.plan.EchoTimeout, s.Strays, s.Counts.Malformed)
	case s.Ended == bench.LinkLost:
		return bench.LinkLost, fmt.Errorf("%w: %s", bench.ErrEnded, s.Error)
	}
	return s.Ended, nil
}

// run makes the Run of what is known. How the run ended is for the caller to fill in.
func (c *collected) run(identity, build string) bench.Run {
	s := c.state
	run := bench.Run{
		ID: uuid.Must(uuid.NewV7()).String(), Plan: c.plan, Samples: c.samples, Clocks: bench.UnknownOffsets,
		Counts: s.Counts, Ways: s.Ways,
		Echo: bench.Echo{
			Kind: s.Kind, Identity: s.Identity, Others: slices.Clone(s.Others), Unmatched: s.Unmatched,
			FirstPong: fromMillis(s.FirstPong),
		},
		Facts: factsOf(c.facts, identity, build), Start: unixMilli(s.Start), End: unixMilli(s.End),
		Media: c.media(),
	}
	run.Counts.Tally(c.samples)
	if s.Start == 0 {
		run.Start = time.Now()
		run.End = run.Start
	}
	run.Facts.Hidden = c.hidden
	return run
}
