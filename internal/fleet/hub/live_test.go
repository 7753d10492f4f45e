package hub_test

import (
	"context"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/live"
	"rtcbench/internal/measure"
)

// TestRunnersTellOfTheirPings while somebody watches, and not before; as whom the subject says.
func TestRunnersTellOfTheirPings(t *testing.T) {
	c := start(t, t.TempDir(), "")
	f := c.mustJoin("fra-1")
	begin := make(chan struct{})
	measuring := make(chan struct{}, 100)
	r, err := newRunnerThat(f, func(ctx context.Context, j measure.Job, _ fleet.Seat, watch measure.Watcher) (bench.Run,
		error) {
		on, over := watch(j)
		measuring <- struct{}{}
		<-begin
		for seq := uint32(1); ctx.Err() == nil; seq++ {
			on(bench.Sample{Seq: seq, Outcome: bench.Answered, RTT: time.Millisecond})
			time.Sleep(5 * time.Millisecond)
		}
		over(bench.Run{})
		return bench.Run{}, ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	c.works(r)
	if _, err := c.Order(orders(1)); err != nil {
		t.Fatal(err)
	}
	<-measuring
	spy := connect(t, c, c.mustJoin("spy-1"))
	close(begin)
	ctx, cancel := context.WithCancel(t.Context())
	heard, done := make(chan live.Pings, 1000), make(chan error, 1)
	go func() { done <- c.Live(ctx, func(p live.Pings) { heard <- p }) }()
	next := func() live.Pings {
		select {
		case p := <-heard:
			return p
		case <-time.After(time.Minute):
			t.Fatal("no ping was heard")
			panic("unreachable")
		}
	}
	p := next()
	if p.Place != "fra-1" || p.Location != "fra" || len(p.List) == 0 {
		t.Errorf("%+v", p)
	}
	// Somebody who has a runner's key tells of itself alone, whatever the message says.
	forged := []byte(`{"run":"x","place":"fra-1","location_id":"y"}`)
	if err := spy.Publish(fleet.LiveSubjectOf("spy-1"), forged); err != nil {
		t.Fatal(err)
	}
	for p = next(); p.Run != "x"; p = next() {
	}
	if p.Place != "spy-1" {
		t.Errorf("it passes for %s", p.Place)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
