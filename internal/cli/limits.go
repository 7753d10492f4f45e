package cli

import (
	"fmt"

	"rtcbench/bench"
	"rtcbench/internal/report"
)

type limitFlags struct {
	MaxP95  string `name:"max-p95" from:"RTCBENCH_MAX_P95" group:"limits" placeholder:"MS" help:"Largest P95 of the round trip, in milliseconds; a lost ping is slower than any."`
	MaxP99  string `name:"max-p99" from:"RTCBENCH_MAX_P99" group:"limits" placeholder:"MS" help:"Largest P99 of the round trip, in milliseconds; a lost ping is slower than any."`
	MaxLoss string `name:"max-loss" from:"RTCBENCH_MAX_LOSS" group:"limits" placeholder:"PERCENT" help:"Largest share of pings that may fail, in percent."`

	RequireValid bool `from:"RTCBENCH_REQUIRE_VALID" group:"limits" help:"Exit with 3 unless the run is valid; a doubtful one is not."`
}

func (f limitFlags) check(c *check) {
	c.limit("max-p95", f.MaxP95, 3_600_000)
	c.limit("max-p99", f.MaxP99, 3_600_000)
	c.limit("max-loss", f.MaxLoss, 100)
}

// asked is the highest quantile that a limit is set on; 0 = none.
func (f limitFlags) asked() float64 {
	switch {
	case f.MaxP99 != "":
		return 0.99
	case f.MaxP95 != "":
		return 0.95
	}
	return 0
}

// broken names the limits that run does not keep. What was not measured keeps no limit.
func (f limitFlags) broken(run bench.Run) (list []error) {
	r := bench.NewRecord(run)
	s := r.Summary
	test := func(flag, text, unit string, value float64, known bool) {
		limit, set := (&check{}).limit(flag, text, 1e9)
		switch {
		case !set:
		case !known:
			list = append(list, fmt.Errorf("--%s %s %s is not kept: there is nothing to compare with", flag, text, unit))
		case value > limit:
			list = append(list, fmt.Errorf("--%s %s %s is not kept: it was %.2f %s", flag, text, unit, value, unit))
		}
	}
	for _, x := range []struct {
		flag, text string
		q          float64
	}{{"max-p95", f.MaxP95, 0.95}, {"max-p99", f.MaxP99, 0.99}} {
		switch p := r.OfAll(x.q); {
		case x.text != "" && !p.OK && run.Counts.Answered > 0:
			list = append(list, fmt.Errorf("--%s %s ms is not kept: %d of %d pings did not come back in time, and a lost ping is slower than any",
				x.flag, x.text, run.Counts.Failed(), run.Counts.Settled()))
		default:
			test(x.flag, x.text, "ms", float64(p.D)/1e6, p.OK)
		}
	}
	test("max-loss", f.MaxLoss, "%", 100*s.Loss, s.LossKnown)
	if v := s.Validity; f.RequireValid && v.Verdict != bench.Valid {
		err := fmt.Errorf("--require-valid is not kept: the run is %s: %s", v.Verdict, report.Printable(v.Why()))
		if n := len(v.Grounds) - 1; n > 0 {
			err = fmt.Errorf("%w (and %d more)", err, n)
		}
		list = append(list, err)
	}
	return list
}
