// Package selection reads which runs are meant: by filters, by IDs, and by files. What is wrong with a text is said
// without what may be a secret in it.
package selection

import (
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
	"rtcbench/internal/settings"
)

// Texts say which runs are meant, each as somebody wrote it; "" = all.
type Texts struct{ Platform, Location, Engine, Transport, Path, EchoPlace, Since, Until string }

// Query reads the texts. c gets what is wrong with them, by the names of the flags of rtcbench history.
func (f Texts) Query(c *settings.Check, now time.Time) bench.Query {
	c.Given(map[string]string{"platform": f.Platform, "location": f.Location, "engine": f.Engine,
		"transport": f.Transport, "path": f.Path, "echo-place": f.EchoPlace, "since": f.Since, "until": f.Until})
	q := bench.Query{Platform: f.Platform, Location: f.Location, Engine: f.Engine,
		Transport: bench.TransportClass(f.Transport), Path: bench.Path(f.Path),
		Echo: f.EchoPlace}
	oneOf := func(flag, value string, allowed ...string) {
		if value != "" && !slices.Contains(allowed, value) {
			c.Fail(flag, value, strings.Join(allowed, ", "))
		}
	}
	oneOf("platform", f.Platform, result.Platforms...)
	oneOf("engine", f.Engine, "native", "browser")
	classes := make([]string, len(bench.TransportClasses))
	for i, class := range bench.TransportClasses {
		classes[i] = string(class)
	}
	oneOf("transport", f.Transport, classes...)
	if f.Path != "" && !q.Path.Valid() {
		c.Fail("path", f.Path, "udp, tcp, relay-udp, relay-tcp, relay-tls, or several as tables show them")
	}
	q.Since, q.Until = c.Moment("since", f.Since, now), c.Moment("until", f.Until, now)
	if c.Err == nil && !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until) {
		c.Err = settings.Usagef("%s %s is not before %s %s", c.Name("since"), f.Since, c.Name("until"), f.Until)
	}
	return q
}
