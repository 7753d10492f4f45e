package settings

import (
	"testing"
	"time"
)

func TestMoment(t *testing.T) {
	now := time.Date(2026, 11, 26, 1, 2, 3, 0, time.UTC)
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Time{
		"90s": now.Add(-90 * time.Second), "24h": now.Add(-24 * time.Hour), "7d": now.AddDate(0, 0, -7),
		"2w":           now.AddDate(0, 0, -14),
		"1d12h":        now.Add(-36 * time.Hour),
		"1w2d3h4m5.5s": now.Add(-9*24*time.Hour - 3*time.Hour - 4*time.Minute - 5500*time.Millisecond),
		"1.5d":         now.Add(-36 * time.Hour), "1.5w1.5h": now.Add(-253*time.Hour - 30*time.Minute),
		"@1732600000": time.Unix(1732600000, 0), "@5": time.Unix(5, 0),
		"1d 12h": now.Add(-36 * time.Hour), "500ms": now.Add(-500 * time.Millisecond), "0s": now, "0d": now,
		"3600": now.Add(-time.Hour), "0": now, "90.5": now.Add(-90500 * time.Millisecond),
		"2026-11-23": noon.Add(-12 * time.Hour), "20261123": noon.Add(-12 * time.Hour),
		"2026-11-23 12:00": noon, "2026-11-23 12:00:00": noon, "2026-11-23 12:00:00 UTC": noon,
		"2026-11-23T12:00": noon, "2026-11-23T12:00:00Z": noon,
		"2026-11-23t12:00:00z": noon, "2026-11-23T13:00:00+01:00": noon, "2026-11-23T13:00:00+0100": noon,
		"2026-11-23 13:00:00 +01:00": noon,
		"2026-11-23T13:00+01:00":     noon, "2026-11-23T12:00:00.25Z": noon.Add(250 * time.Millisecond),
		"20261123T120000Z": noon,
		"1795435200":       noon, "1795435200000": noon, "1795435200000000": noon, "1795435200000000000": noon,
		"1795435200.25": noon.Add(250 * time.Millisecond),
		"11-23 12:00":   noon, "11-26 01:02": now.Add(-3 * time.Second),
		"12-24 18:00":             time.Date(2025, 12, 24, 18, 0, 0, 0, time.UTC),
		"02-29 00:00":             time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		" 2026-11-23T12:00:00Z\n": noon, "": {},
	} {
		c := Check{Sources: New(nil, "")}
		if got := c.Moment("since", value, now); c.Err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v; want %v", value, got, c.Err, want)
		}
	}
	for _, value := range []string{"yesterday", "-5h", "+5h", "1d-2h", "d", "w", "1x", "2026-13-01", "2026-11-31",
		"1e9", "0x10", "-1", "NaN", "Inf", "12:00", "1h1d", "99999d99999999h"} {
		c := Check{Sources: New(nil, "")}
		if got := c.Moment("since", value, now); c.Err == nil {
			t.Errorf("%q is taken for %v", value, got)
		}
	}
}
