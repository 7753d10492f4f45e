package flags

import (
	"fmt"

	"rtcbench/internal/report"
	"rtcbench/internal/settings"
)

// GateGroup are the flags that say by how much one side of a comparison may be worse than the other. The exit code says
// whether it is.
type GateGroup struct {
	FailIfSlower   string `from:"RTCBENCH_FAIL_IF_SLOWER" group:"limits" placeholder:"PERCENT" help:"Exit with 3 when B's P50 is slower than A's by more than this, beyond doubt: the whole interval is. A lost ping is slower than any."`
	FailIfLossier  string `from:"RTCBENCH_FAIL_IF_LOSSIER" group:"limits" placeholder:"PERCENT" help:"Exit with 3 when B loses more than A by more than so many percentage points, beyond doubt."`
	AllowUndecided bool   `from:"RTCBENCH_ALLOW_UNDECIDED" group:"limits" help:"Pass a limit that could not be decided. Without it, such a limit exits with 3."`
}

// Read stores the limits in by.
func (f GateGroup) Read(c *settings.Check, by *report.Against) {
	if percent, set := c.Limit("fail-if-slower", f.FailIfSlower, 100_000); set {
		by.SlowerThan = &percent
	}
	if percent, set := c.Limit("fail-if-lossier", f.FailIfLossier, 100); set {
		by.LossierThan = &percent
	}
	c.Given(map[string]string{"fail-if-slower": f.FailIfSlower, "fail-if-lossier": f.FailIfLossier})
}

// Broken are errors for the limits that are broken, and for those that could not be decided: a comparison without an
// answer passes no gate. With --allow-undecided, say is told of a limit that could not be decided, and it is no error.
func (f GateGroup) Broken(c report.Groups, say func(line string)) (broken []error) {
	for _, x := range []struct {
		flag, given, unit string
		gate              *report.Gate
		by                string
	}{
		{"fail-if-slower", f.FailIfSlower, "%", c.Slower, c.SlowerBy()},
		{"fail-if-lossier", f.FailIfLossier, "points", c.Lossier, c.LossierBy()},
	} {
		limit := fmt.Sprintf("--%s %s %s", x.flag, x.given, x.unit)
		switch g := x.gate; {
		case g == nil:
		case g.Shown:
			broken = append(broken, fmt.Errorf("%s is not kept: %s", limit, x.by))
		case g.Decided:
		case f.AllowUndecided:
			say(limit + " was not decided: " + g.Why)
		default:
			broken = append(broken, fmt.Errorf("%s could not be decided: %s (--allow-undecided lets that pass)", limit,
				g.Why))
		}
	}
	return broken
}
