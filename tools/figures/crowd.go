package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/runner"
)

// ofFleet measures a hub with many runners, and a place that delivers.
func ofFleet(binary string, runners, turns int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	if err := manyRunners(ctx, binary, runners); err != nil {
		return err
	}
	if turns == 0 {
		return nil
	}
	if err := keptByHub(ctx, binary); err != nil {
		return err
	}
	return besideDelivery(ctx, binary, turns)
}

// close ends the connections.
func (c *crowd) close() {
	for _, nc := range c.conns {
		if nc != nil {
			nc.Close()
		}
	}
}

// manyRunners lets runners come to a hub in a process of its own, gives them a plan, and throws some out.
func manyRunners(ctx context.Context, binary string, n int) error {
	dir, err := os.MkdirTemp("", "rtcbench-figures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	h, err := startHub(ctx, binary, dir, "sqlite:"+filepath.Join(dir, "runs.db"))
	if err != nil {
		return err
	}
	defer h.stop()
	c := &crowd{centre: h, files: make([]*runner.File, n), conns: make([]*nats.Conn, n)}
	timed := func(what, wanted string, do func() error) error {
		begin := time.Now()
		err := do()
		row("  "+what, fmt.Sprintf("%.2f s", time.Since(begin).Seconds()), wanted)
		return err
	}
	defer c.close()
	if err := timed(fmt.Sprintf("%d runners join, each with a key of its own", n), "", func() error {
		return c.join(ctx, dir)
	}); err != nil {
		return err
	}
	if err := timed("all are connected, and have said hello", "≤ 60 s", func() error {
		return c.connect(ctx)
	}); err != nil {
		return err
	}
	if err := h.tellMemory(ctx); err != nil {
		return err
	}
	if err := timed("a plan is everywhere, and its signature checked", "≤ 5 s", func() error {
		if err := c.apply(ctx, "name: nobody"); err != nil {
			return err
		}
		return c.planned.within(ctx, "a plan")
	}); err != nil {
		return err
	}
	if err := h.tellMemory(ctx); err != nil {
		return err
	}
	if err := c.throwOut(ctx, min(20, n/2)); err != nil {
		return err
	}
	return c.seat(ctx)
}

// seat gives all of them a plan with a job, so that each asks for the seats of a day.
func (c *crowd) seat(ctx context.Context) error {
	begin := time.Now()
	if err := c.apply(ctx, ""); err != nil {
		return err
	}
	if err := c.planned.within(ctx, "a plan with seats"); err != nil {
		return err
	}
	row("  a plan with a job each 5 minutes is everywhere", fmt.Sprintf("%.2f s", time.Since(begin).Seconds()), "≤ 5 s")
	leasing, cancel := context.WithDeadline(ctx, begin.Add(100*time.Second)) // at the most
	defer cancel()
	for _, x := range []struct {
		what string
		who  *counter
	}{{"  … its first seats, of an hour or more", &c.begun}, {"  … the seats of a day", &c.seated}} {
		x.who.within(leasing, "")
		row(x.what, fmt.Sprintf("%.1f s, %d of %d", time.Since(begin).Seconds(), x.who.n.Load(), x.who.want), "")
	}
	_, most := c.memory()
	row("  the hub's memory, the most until now", fmt.Sprintf("%.0f MB", most), "")
	return nil
}

// throwOut revokes some of them, and says how long the last of them was still there.
func (c *crowd) throwOut(ctx context.Context, n int) error {
	var took []time.Duration
	for i := range n { // the first of them
		gone := make(chan time.Time, 1)
		c.conns[i].SetDisconnectErrHandler(func(*nats.Conn, error) { gone <- time.Now() })
		begin := time.Now()
		path := "/admin/members/" + c.files[i].Place.Name + "/revoke"
		if err := c.at.Do(ctx, http.MethodPost, path, nil, new(fleet.Member)); err != nil {
			return err
		}
		select {
		case at := <-gone:
			took = append(took, at.Sub(begin))
		case <-time.After(time.Minute):
			return fmt.Errorf("%s is revoked, and still connected after a minute", c.files[i].Place.Name)
		}
	}
	row(fmt.Sprintf("  revoked → thrown out, the slowest of %d", n), fmt.Sprintf("%.0f ms", quantile(took, 1)), "≤ 1 s")
	c.gone = n
	return nil
}
