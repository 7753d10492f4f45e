package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// pair is two equal runs held against each other.
type pair struct {
	Engine  string
	Differ  bool
	Verdict string
	P50     float64 // difference, ms
	CI      [2]float64
}

// pairs makes five pairs of equal runs across the Atlantic.
func (t *tool) pairs(ctx context.Context) (list []pair, err error) {
	for i := range 5 {
		engine := []string{"native", "browser"}[i%2]
		if !t.wants(engine, "reliable") {
			continue
		}
		p, err := once(t, ctx, fmt.Sprintf("pair-%d-%s", i+1, engine), func(ctx context.Context) (*pair, error) {
			return t.pair(ctx, engine, uint64(100+2*i))
		})
		if err != nil {
			return nil, err
		}
		if p != nil {
			list = append(list, *p)
		}
	}
	return list, nil
}

func (t *tool) pair(ctx context.Context, engine string, seed uint64) (*pair, error) {
	dir, err := os.MkdirTemp("", "acc")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	files := []string{filepath.Join(dir, "a.json"), filepath.Join(dir, "b.json")}
	for i, file := range files {
		o := outcome{Scenario: "transatlantic", Engine: engine, Channel: "reliable"}
		_, failed, err := t.measure(ctx, o, seed+uint64(i), "-n", fmt.Sprint(t.pings), "-o", file)
		if err == nil && failed != "" {
			err = errors.New(failed)
		}
		if err != nil {
			return nil, err
		}
	}
	out, err := exec.CommandContext(ctx, t.binary, "compare", "--format", "json", files[0], files[1]).Output()
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	var c struct {
		Verdict string `json:"verdict"`
		Median  struct {
			Value float64     `json:"value"`
			CI95  *[2]float64 `json:"ci95"`
		} `json:"median_diff_ms"`
	}
	if err := json.Unmarshal(out, &c); err != nil {
		return nil, err
	}
	if c.Median.CI95 == nil {
		return nil, fmt.Errorf("compare: no interval: %s", c.Verdict)
	}
	ci := *c.Median.CI95
	return &pair{Engine: engine, Verdict: c.Verdict, P50: c.Median.Value, CI: ci, Differ: ci[0] > 0 || ci[1] < 0}, nil
}
