package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/postgrestest"
	"rtcbench/internal/result"
	"rtcbench/internal/store/postgres"
	"rtcbench/internal/store/sqlite"
)

// packedStore is a store that takes runs in both ways.
type packedStore interface {
	bench.Store
	bench.WholeSaver
	bench.PackedSaver
}

// keptOnTheWholeWay measures how many runs of 600 pings a hub can keep: from the bytes that arrive to the answer of the
// store.
func keptOnTheWholeWay(ctx context.Context, dir string, row func(string, string, string)) error {
	s, err := sqlite.Open(ctx, filepath.Join(dir, "whole.db"))
	if err != nil {
		return err
	}
	defer s.Close()
	if err := wholeWay(ctx, "SQLite", s, row); err != nil {
		return err
	}
	server, err := postgrestest.New()
	if err != nil {
		return err
	}
	defer server.Close()
	p, err := postgres.New(ctx, postgres.Options{URL: server.URL("postgres")})
	if err != nil {
		return err
	}
	defer p.Close()
	return wholeWay(ctx, "PostgreSQL", p, row)
}

// atOnce is how many runs go into a store in one step.
const atOnce = 64

// wholeWay compares, by turns, a store that takes packed runs as they are with one for which they are unpacked.
func wholeWay(ctx context.Context, name string, s packedStore, row func(string, string, string)) error {
	const turns = 12
	ways := []struct {
		what string
		keep func(context.Context, packedStore, [][]byte) error
		took []time.Duration
	}{{what: "as they are", keep: asTheyAre}, {what: "unpacked and packed again", keep: unpackedAgain}}
	pings := 0
	for turn := range turns {
		for i := range ways {
			messages, err := arrived(turn)
			if err != nil {
				return err
			}
			pings += atOnce * 600
			begin := time.Now()
			if err := ways[i].keep(ctx, s, messages); err != nil {
				return err
			}
			ways[i].took = append(ways[i].took, time.Since(begin))
		}
	}
	sums, _, err := bench.AggregateRuns(ctx, s, bench.Query{Invalid: true})
	kept := 0
	for _, a := range sums {
		kept += a.Counts.Sent
	}
	if err != nil || kept != pings {
		return fmt.Errorf("%s has %d pings of %d: %w", name, kept, pings, err)
	}
	rate := func(took []time.Duration) float64 { return atOnce * 1000 / quantile(took, 0.5) }
	row(fmt.Sprintf("%s: runs of 600 pings checked and kept, %d at once", name, atOnce),
		fmt.Sprintf("%.0f /s", rate(ways[0].took)), "≥ 300 /s")
	row("  by turns with it: "+ways[1].what, fmt.Sprintf("%.0f /s", rate(ways[1].took)),
		fmt.Sprintf("(ratio %.1f)", rate(ways[0].took)/rate(ways[1].took)))
	return nil
}

// arrived are packed runs of many places, as they come over the wire.
func arrived(turn int) (list [][]byte, err error) {
	for i := range atOnce {
		r := benchtest.StoredRun(600, time.Now().Add(time.Duration(turn)*5*time.Minute))
		r.Location = fmt.Sprintf("place-%03d", (turn*atOnce+i)%200)
		p, err := result.Pack(bench.NewRecord(r))
		if err != nil {
			return nil, err
		}
		data, err := p.MarshalBinary()
		if err != nil {
			return nil, err
		}
		list = append(list, data)
	}
	return list, nil
}

func asTheyAre(ctx context.Context, s packedStore, messages [][]byte) error {
	var list []bench.Packed
	for _, data := range messages {
		p, _, err := result.ReadPacked(data)
		if err != nil {
			return err
		}
		list = append(list, p.Packed)
	}
	_, err := s.SavePacked(ctx, list)
	return err
}

func unpackedAgain(ctx context.Context, s packedStore, messages [][]byte) error {
	var list []bench.Record
	for _, data := range messages {
		_, r, err := result.ReadPacked(data)
		if err != nil {
			return err
		}
		list = append(list, bench.NewRecord(r))
	}
	_, err := s.SaveAll(ctx, list)
	return err
}
