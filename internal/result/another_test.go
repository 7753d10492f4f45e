package result

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestAnother: what makes two runs with one ID two runs, in words, and what does not.
func TestAnother(t *testing.T) {
	run := func() bench.Run {
		r := benchtest.StoredRun(20, time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
		r.ID = "0193a000-0000-7000-8000-000000000001"
		r.Location = "fra"
		return r
	}
	was := packed(t, run()).Packed
	for want, change := range map[string]func(*bench.Run, *bench.Packed){
		`its location is "fra", and that of this one "iad"`: func(r *bench.Run, _ *bench.Packed) { r.Location = "iad" },
		"it ended at 2026-11-01T12:00:00.000Z, and this one at 2026-11-01T12:00:01.000Z": func(r *bench.Run,
			_ *bench.Packed) {
			r.Start, r.End = r.Start.Add(time.Second), r.End.Add(time.Second)
		},
		"ms, and that of this one": func(r *bench.Run, _ *bench.Packed) { r.Samples[3].RTT += time.Microsecond },
		"its distribution is another": func(r *bench.Run, p *bench.Packed) {
			r.Samples[3].RTT += time.Millisecond
			p.Samples = nil
		},
	} {
		r, p := run(), was
		change(&r, &p)
		if got := Differ(p, packed(t, r).Packed); !strings.Contains(got, want) {
			t.Errorf("%q; want %q", got, want)
		}
	}
	for name, change := range map[string]func(*bench.Run, *bench.Packed){
		"the same":                func(*bench.Run, *bench.Packed) {},
		"nothing known of where":  func(r *bench.Run, _ *bench.Packed) { r.Location = "" },
		"its samples are gone":    func(_ *bench.Run, p *bench.Packed) { p.Samples = nil },
		"another room":            func(r *bench.Run, _ *bench.Packed) { r.RoomURL = "https://elsewhere.example/room" },
		"packed by another layer": func(_ *bench.Run, p *bench.Packed) { p.Document = nil },
	} {
		r, p := run(), was
		change(&r, &p)
		if got := Differ(p, packed(t, r).Packed); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if err := Kept(was, was); err != nil {
		t.Error(err)
	}
	r := run()
	r.Location = "iad"
	if err := Kept(was, packed(t, r).Packed); !errors.Is(err, bench.ErrRejected) {
		t.Error(err)
	}
}
