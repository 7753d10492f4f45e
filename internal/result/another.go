package result

import (
	"bytes"
	"fmt"
	"time"

	"rtcbench/bench"
)

// Another is the error of a run that is not kept, because its ID is that of another run that is there. It wraps
// bench.ErrRejected.
type Another struct {
	Where string // has the other run: "is there", "waits for the store"
	How   string // how the two differ
}

func (e *Another) Error() string {
	return fmt.Sprintf("another run of this ID %s (%s), and this one was not kept", e.Where, e.How)
}

func (e *Another) Unwrap() error { return bench.ErrRejected }

// Kept is an *Another if now is not the run that a store keeps under its ID, and nil if it is.
func Kept(kept, now bench.Packed) error {
	if how := Differ(kept, now); how != "" {
		return &Another{"is there", how}
	}
	return nil
}

// Differ says how two runs with one ID differ; "" = they are one run. What a version of rtcbench derives from a run, or
// knows of it more than another version, makes no other run: the platform, the location, the end, the fates of the
// pings and their round trip times do. A run without its samples is compared by its distribution. Runs that were packed
// alike are not unpacked.
func Differ(was, now bench.Packed) string {
	for _, x := range [][3]string{
		{"platform", was.Series.Platform, now.Series.Platform}, {"location", was.Series.Location, now.Series.Location},
	} {
		if x[1] != x[2] && x[1] != bench.Unknown && x[2] != bench.Unknown {
			return fmt.Sprintf("its %s is %.80q, and that of this one %.80q", x[0], x[1], x[2])
		}
	}
	if was.End.Sub(now.End).Abs() > time.Millisecond {
		return fmt.Sprintf("it ended at %s, and this one at %s", moment(was.End), moment(now.End))
	}
	for _, x := range bench.SummedCounts {
		if x.Fate && *x.Of(&was.Counts) != *x.Of(&now.Counts) {
			return fmt.Sprintf("of its pings %d are %s, and of this one's %d", *x.Of(&was.Counts), x.Key,
				*x.Of(&now.Counts))
		}
	}
	if bytes.Equal(was.Samples, now.Samples) && bytes.Equal(was.Histogram, now.Histogram) {
		return ""
	}
	return differByPings(was, now)
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// differByPings is Differ for runs whose figures are the same. A run that cannot be read is no other run: whoever reads
// it says so.
func differByPings(was, now bench.Packed) string {
	x, err := Packed{Packed: was}.Run()
	if err != nil {
		return ""
	}
	y, err := Packed{Packed: now}.Run()
	if err != nil {
		return ""
	}
	if len(x.Samples) == 0 || len(y.Samples) == 0 {
		if !x.Histogram().Equal(y.Histogram()) {
			return "its distribution is another"
		}
		return ""
	}
	for i, s := range x.Samples {
		if i >= len(y.Samples) {
			break // the fates have been compared
		}
		switch of := y.Samples[i]; {
		case s.Seq != of.Seq, s.Outcome != of.Outcome:
			return fmt.Sprintf("its ping %d is %s, and that of this one %d %s", s.Seq, s.Outcome, of.Seq, of.Outcome)
		case (s.RTT - of.RTT).Abs() > tick:
			return fmt.Sprintf("its ping %d took %v, and that of this one %v", s.Seq, s.RTT, of.RTT)
		}
	}
	return ""
}
