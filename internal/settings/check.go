package settings

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rtcbench/internal/redact"
)

// Check reads the values of flags, which the parser leaves as text so that an error can name their source. It keeps the
// first error.
type Check struct {
	*Sources
	Err error
}

// Fail keeps the error for a value that is not allowed.
func (c *Check) Fail(flag, value, allowed string) {
	if c.Err == nil {
		c.Err = c.Bad(flag, value, allowed)
	}
}

// Variable is the value of a variable that is no flag's.
func (c *Check) Variable(name string) string {
	v, _, err := c.Find(name)
	if c.Err == nil {
		c.Err = err
	}
	return v
}

// FailAs is Fail for a value that is shown in a way of its own.
func (c *Check) FailAs(flag, shown, allowed string) {
	if c.Err == nil {
		c.Err = c.BadAs(flag, shown, allowed)
	}
}

// Missing fails for flags without which there is nothing to be done.
func (c *Check) Missing(why string, flags ...string) {
	if c.Err == nil {
		c.Err = Usagef("%s: give %s", why, c.Ways(flags...))
	}
}

// Given fails for flags that were given and are empty: a script's variable that is not set must
// not turn into another measurement.
func (c *Check) Given(values map[string]string) {
	for _, flag := range slices.Sorted(maps.Keys(values)) {
		if values[flag] == "" && c.Rank(flag) == ByFlag {
			c.Fail(flag, "", "something; leave the flag out if it is not wanted")
		}
	}
}

// Number is a whole number from lo to hi.
func (c *Check) Number(flag, value string, lo, hi int) int {
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < lo || n > hi {
		c.Fail(flag, value, fmt.Sprintf("a whole number from %d to %d", lo, hi))
	}
	return n
}

// Millis is a duration: a whole number of milliseconds, or 5s, 1m30s.
func (c *Check) Millis(flag, value string, lo, hi time.Duration) time.Duration {
	value = strings.TrimSpace(value)
	d, err := time.ParseDuration(value)
	if n, e := strconv.ParseInt(value, 10, 64); e == nil && n <= math.MaxInt64/int64(time.Millisecond) {
		d, err = time.Duration(n)*time.Millisecond, nil
	}
	if err != nil || d < lo || d > hi || d%time.Millisecond != 0 {
		c.Fail(flag, value, fmt.Sprintf("whole milliseconds from %d to %d (5000, or 5s)", lo.Milliseconds(),
			hi.Milliseconds()))
	}
	return d
}

// Limit is a number from 0 to hi; "" = there is none.
func (c *Check) Limit(flag, value string, hi float64) (limit float64, set bool) {
	if value == "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > hi {
		c.Fail(flag, value, fmt.Sprintf("a number from 0 to %.0f", hi))
	}
	return v, true
}

// ServerURL is the URL of a server, without slashes that say nothing. The error repeats none of its secrets.
func (c *Check) ServerURL(flag, value string, schemes ...string) string {
	u, err := url.Parse(strings.TrimSpace(value))
	begins := "a URL that begins with " + strings.Join(schemes, "://, ") + "://"
	scheme, _, _ := strings.Cut(strings.TrimSpace(value), "://")
	switch {
	case err != nil && slices.Contains(schemes, strings.ToLower(scheme)):
		c.FailAs(flag, ShownAddress(value), begins+", and then a host, and a port that is a number, without spaces")
		return ""
	case err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme):
		c.FailAs(flag, ShownAddress(value), begins)
		return ""
	case !utf8.ValidString(u.Path): // %FF is a byte, and such bytes become one and the same character
		c.FailAs(flag, ShownAddress(value), "a URL whose path is UTF-8")
		return ""
	case u.Port() != "" && !isPort(u.Port()):
		c.FailAs(flag, ShownAddress(value), "a URL with a port from 1 to 65535")
		return ""
	}
	if u.Path != "" { // JoinPath would make one
		u = u.JoinPath()
	}
	return redact.Spelt(u)
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// endsLine is for what may not stand in a line: control characters, also those of C1 (U+0085 is a next line), and
// Unicode's separators of lines and paragraphs.
func endsLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// Label is a short text without control characters.
func (c *Check) Label(flag, value string, most int) string {
	if len(value) > most || strings.ContainsFunc(value, endsLine) {
		c.FailAs(flag, Hidden(value), fmt.Sprintf("text of at most %d bytes on one line", most))
	}
	return value
}

// Pair reads a label, as region=eu.
func (c *Check) Pair(flag, text string) (key, value string) {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" || value == "" {
		c.Fail(flag, text, "KEY=VALUE, as region=eu")
	}
	return key, value
}
