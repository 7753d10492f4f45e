package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/postgrestest"
	"rtcbench/internal/result"
)

// How many places deliver at one time, and how many runs each of them has.
const (
	deliverers = 64
	runsOfEach = 40
)

// keptByHub measures how many runs a hub in a process of its own keeps, into SQLite and into PostgreSQL: from the offer
// of a place, one after the other, to the word that it is kept.
func keptByHub(ctx context.Context, binary string) error {
	server, err := postgrestest.New()
	if err != nil {
		return err
	}
	defer server.Close()
	if err := keptInto(ctx, binary, "SQLite", func(dir string) string {
		return "sqlite:" + filepath.Join(dir, "runs.db")
	}); err != nil {
		return err
	}
	return keptInto(ctx, binary, "PostgreSQL", func(string) string { return server.URL("postgres") })
}

func keptInto(ctx context.Context, binary, name string, store func(dir string) string) error {
	dir, err := os.MkdirTemp("", "rtcbench-figures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	h, err := startHub(ctx, binary, dir, store(dir))
	if err != nil {
		return err
	}
	defer h.stop()
	c := &crowd{centre: h, files: make([]*runner.File, deliverers), conns: make([]*nats.Conn, deliverers)}
	defer c.close()
	if err := c.join(ctx, dir); err != nil {
		return err
	}
	if err := c.connect(ctx); err != nil {
		return err
	}
	offers := make([][]*nats.Msg, deliverers)
	for i := range offers {
		if offers[i], err = c.offers(i); err != nil {
			return err
		}
	}
	begin, before := time.Now(), cpuTime()
	if err := each(deliverers, deliverers, func(i int) error { return c.deliver(ctx, i, offers[i]) }); err != nil {
		return err
	}
	took, own := time.Since(begin), cpuTime()-before
	row(fmt.Sprintf("  runs of 600 pings of %d places kept in %s", deliverers, name),
		fmt.Sprintf("%.0f /s", deliverers*runsOfEach/took.Seconds()), "≥ 300 /s")
	row("  … and of the time of a processor, for the places", fmt.Sprintf("%.0f %%", 100*own.Seconds()/took.Seconds()),
		"")
	return nil
}

// offers are the runs of a place, as it sends them.
func (c *crowd) offers(i int) (list []*nats.Msg, err error) {
	place := c.files[i].Place
	for n := range runsOfEach {
		r := benchtest.StoredRun(600, time.Now().Add(-time.Duration(n)*5*time.Minute))
		r.Location = place.Location
		p, err := result.Pack(bench.NewRecord(r))
		if err != nil {
			return nil, err
		}
		m := nats.NewMsg(fleet.RunSubject(place.Name))
		if m.Data, err = p.MarshalBinary(); err != nil {
			return nil, err
		}
		m.Header.Set(nats.MsgIdHdr, r.ID+"/1")
		m.Header.Set(fleet.KeptHeader, fleet.InboxPrefix(place.Name)+".kept."+r.ID)
		list = append(list, m)
	}
	return list, nil
}

// deliver offers runs one after the other, as a runner does.
func (c *crowd) deliver(ctx context.Context, i int, offers []*nats.Msg) error {
	said, err := c.conns[i].SubscribeSync(fleet.InboxPrefix(c.files[i].Place.Name) + ".kept.*")
	if err != nil {
		return err
	}
	for _, m := range offers {
		if _, err := c.conns[i].RequestMsgWithContext(ctx, m); err != nil {
			return err
		}
		word, err := said.NextMsgWithContext(ctx)
		if err != nil {
			return err
		}
		if string(word.Data) != fleet.Kept {
			return fmt.Errorf("a run was not kept: %s", word.Data)
		}
	}
	return nil
}
