package keep

import (
	"context"

	"rtcbench/bench"
)

// Limit is an upper limit for a value of a run.
type Limit struct {
	Value float64
	Set   bool
}

// Limits are the limits that the user sets. A value that is not known exceeds its limit.
type Limits struct {
	P95, P99 Limit // round trip time in ms; a lost ping is slower than any other
	Loss     Limit // in percent
	Valid    bool  // the verdict has to be bench.Valid
}

// Limited is the value that a limit is for.
type Limited string

const (
	P95      Limited = "p95"
	P99      Limited = "p99"
	Loss     Limited = "loss"
	Validity Limited = "validity"
)

// Broken is a limit that a run does not keep.
type Broken struct {
	What  Limited
	Run   bench.Record
	Value float64 // value of the run
	Known bool    // Value is known
}

// Asked is the highest quantile with a limit; 0 = there is none.
func (l Limits) Asked() float64 {
	switch {
	case l.P99.Set:
		return 0.99
	case l.P95.Set:
		return 0.95
	}
	return 0
}

func (l Limits) judge(_ context.Context, m Measured, o *Outcome) {
	for _, r := range m.Runs {
		o.Broken = append(o.Broken, l.Broken(r.Record)...)
	}
}

// Broken are the limits that r exceeds.
func (l Limits) Broken(r bench.Record) (list []Broken) {
	p95, p99 := r.OfAll(0.95), r.OfAll(0.99)
	for _, x := range []struct {
		limit Limit
		Broken
	}{
		{l.P95, Broken{P95, r, float64(p95.D) / 1e6, p95.OK}},
		{l.P99, Broken{P99, r, float64(p99.D) / 1e6, p99.OK}},
		{l.Loss, Broken{Loss, r, 100 * r.Summary.Loss, r.Summary.LossKnown}},
	} {
		if x.limit.Set && (!x.Known || x.Value > x.limit.Value) {
			list = append(list, x.Broken)
		}
	}
	if l.Valid && r.Summary.Validity.Verdict != bench.Valid {
		list = append(list, Broken{What: Validity, Run: r})
	}
	return list
}
