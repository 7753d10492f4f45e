package flags

import (
	"fmt"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/keep"
	"rtcbench/internal/report"
	"rtcbench/internal/settings"
)

// LimitGroup are the limits of a run. The exit code says whether the run keeps them.
type LimitGroup struct {
	MaxP95  string `name:"max-p95" from:"RTCBENCH_MAX_P95" group:"limits" placeholder:"MS" help:"Largest P95 of the ${latency}, in milliseconds; ${failed} is slower than any."`
	MaxP99  string `name:"max-p99" from:"RTCBENCH_MAX_P99" group:"limits" placeholder:"MS" help:"Largest P99 of the ${latency}, in milliseconds; ${failed} is slower than any."`
	MaxLoss string `name:"max-loss" from:"RTCBENCH_MAX_LOSS" group:"limits" placeholder:"PERCENT" help:"Largest share of ${samples}, in percent."`

	RequireValid bool `from:"RTCBENCH_REQUIRE_VALID" group:"limits" help:"Exit with 3 unless the run is valid; a doubtful one is not."`
}

// Check finds out whether the limits are numbers.
func (f LimitGroup) Check(c *settings.Check) {
	c.Limit("max-p95", f.MaxP95, 3_600_000)
	c.Limit("max-p99", f.MaxP99, 3_600_000)
	c.Limit("max-loss", f.MaxLoss, 100)
}

// Limits are the limits that the flags set. Check must have been called before.
func (f LimitGroup) Limits() keep.Limits {
	limit := func(text string) keep.Limit {
		value, set := (&settings.Check{}).Limit("", text, 1e9)
		return keep.Limit{Value: value, Set: set}
	}
	return keep.Limits{P95: limit(f.MaxP95), P99: limit(f.MaxP99), Loss: limit(f.MaxLoss), Valid: f.RequireValid}
}

// Texts are the errors of the limits that are broken, with the reasons. of gives the words that stand before what is
// said of a run.
func (f LimitGroup) Texts(list []keep.Broken, of func(bench.Record) string) (errs []error) {
	for _, b := range list {
		errs = append(errs, fmt.Errorf("%s%s", of(b.Run), f.text(b)))
	}
	return errs
}

func (f LimitGroup) text(b keep.Broken) string {
	if b.What == keep.Validity {
		v := b.Run.Summary.Validity
		text := fmt.Sprintf("--require-valid is not kept: the run is %s: %s", v.Verdict, report.Printable(v.Why()))
		if n := len(v.Grounds) - 1; n > 0 {
			text += fmt.Sprintf(" (and %d more)", n)
		}
		return text
	}
	given := map[keep.Limited]string{
		keep.P95:  "--max-p95 " + f.MaxP95 + " ms",
		keep.P99:  "--max-p99 " + f.MaxP99 + " ms",
		keep.Loss: "--max-loss " + f.MaxLoss + " %",
	}[b.What]
	unit := given[strings.LastIndexByte(given, ' ')+1:]
	switch c := b.Run.Counts; {
	case b.Known:
		return fmt.Sprintf("%s is not kept: it was %.2f %s", given, b.Value, unit)
	case b.What != keep.Loss && c.Answered > 0:
		text := "%s is not kept: %d of %s did not come back in time, and %s is slower than any"
		slow := "a lost ping"
		if b.Run.Turns != nil {
			slow = "a turn without an answer"
		}
		return b.Run.Facts.Transport.Words(fmt.Sprintf(text, given, c.Failed(),
			bench.Many(c.Settled(), "ping"), slow))
	}
	return given + " is not kept: there is nothing to compare with"
}
