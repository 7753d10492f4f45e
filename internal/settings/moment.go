package settings

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Moment is a time of day, or one so long ago; "" = the zero time. It takes what rtcbench prints itself: in tables, in
// logs, and the Unix seconds of result files.
func (c *Check) Moment(flag, value string, now time.Time) time.Time {
	value = Clean(value)
	if value == "" {
		return time.Time{}
	}
	if ago, ok := age(value); ok {
		return now.Add(-ago)
	}
	if t, ok := timeOfDay(value); ok {
		return t
	}
	if t, ok := lately(value, now); ok {
		return t
	}
	if t, ok := unixTime(value, now); ok {
		return t
	}
	c.Fail(flag, value,
		"an age (90s, 24h, 1d12h), a time in UTC (2026-11-23, 2026-11-23 12:00, 2026-11-23T12:00:00Z) or Unix seconds")
	return time.Time{}
}

var ageOfDays = regexp.MustCompile(`^(?:([0-9]{1,5}(?:\.[0-9]{1,3})?)w)?(?:([0-9]{1,5}(?:\.[0-9]{1,3})?)d)?(.*)$`)

// age is a Go duration with weeks and days before it: 1d12h, 1.5d.
func age(value string) (time.Duration, bool) {
	m := ageOfDays.FindStringSubmatch(strings.ReplaceAll(value, " ", ""))
	weeks, _ := strconv.ParseFloat(m[1], 64)
	days, _ := strconv.ParseFloat(m[2], 64)
	sum := time.Duration((7*weeks + days) * float64(24*time.Hour))
	if m[3] == "" {
		return sum, m[1]+m[2] != "" && days < 100_000 && weeks < 14_000
	}
	rest, err := time.ParseDuration(m[3])
	if err != nil || rest < 0 || m[3][0] == '+' || m[3] == "0" || rest > 100_000*time.Hour {
		return 0, false
	}
	return sum + rest, true
}

// layouts are those of RFC 3339 and ISO 8601, and of our tables. A fraction of a second may stand behind the seconds.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04Z07:00",
	"2006-01-02T15:04:05", "2006-01-02T15:04",
	"20060102T150405Z07:00", "20060102T150405", time.DateOnly, "20060102",
}

// timeOfDay is a date with or without a time, in UTC where no zone stands.
func timeOfDay(value string) (time.Time, bool) {
	value = strings.ToUpper(value)
	value = strings.TrimSpace(strings.TrimSuffix(value, "UTC"))
	if len(value) > 10 && value[10] == ' ' {
		value = value[:10] + "T" + strings.ReplaceAll(value[11:], " ", "")
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, value); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// lately is a time as the table of history has it, without its year: the last one that was.
func lately(value string, now time.Time) (time.Time, bool) {
	const year = "2000-" // a leap year
	t, err := time.Parse("2006-01-02 15:04", year+value)
	for y := now.UTC().Year(); err == nil && y > now.UTC().Year()-9; y-- {
		at := time.Date(y, t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
		if at.Day() == t.Day() && !at.After(now) {
			return at, true
		}
	}
	return time.Time{}, false
}

// unixTime is a number: of seconds since 1970, of milliseconds, microseconds or nanoseconds where seconds would be far
// in the future, or of seconds before now where the number is smaller than that of any day since 1973. Behind an @, as
// date(1) has it, a number is one since 1970.
func unixTime(value string, now time.Time) (time.Time, bool) {
	value, since1970 := strings.CutPrefix(value, "@")
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || !(n >= 0) || n > 1e19 || strings.ContainsAny(value, "eExXpP_+") {
		return time.Time{}, false
	}
	if n < 1e8 && !since1970 {
		return now.Add(-time.Duration(n * 1e9)), true
	}
	for n >= 1e11 {
		n /= 1e3
	}
	return time.UnixMicro(int64(math.Round(n * 1e6))).UTC(), true
}
