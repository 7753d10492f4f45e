package result

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"rtcbench/bench"
)

// Packed is a run as stores keep it. A run that a store returns has only Document, Samples and Histogram.
type Packed struct {
	bench.Packed
	File File // the document before encoding
}

// Pack packs r. Times of samples are rounded to 0.1 µs; all other values are as in the result file. If the run could
// not be read back, the error wraps bench.ErrRejected.
func Pack(r bench.Record) (Packed, error) {
	run := r.Run
	p := Packed{File: lean(run, r.Summary)}
	p.index(run)
	err := cmp.Or(p.File.check(), whole(run))
	if err != nil {
		return Packed{}, fmt.Errorf("%w: %w", bench.ErrRejected, err)
	}
	if p.Document, err = json.Marshal(p.File); err != nil {
		return Packed{}, fmt.Errorf("%w: %w", bench.ErrRejected, err)
	}
	if p.Histogram, err = run.Histogram().MarshalBinary(); err != nil {
		return Packed{}, err
	}
	if len(run.Samples) > 0 {
		p.Samples = packSamples(run.Samples, run.Plan)
	}
	return p, nil
}

// PackAll packs all runs in list, or none.
func PackAll(list []bench.Record) ([]bench.Packed, error) {
	packed := make([]bench.Packed, len(list))
	for i, r := range list {
		p, err := Pack(r)
		if err != nil {
			return nil, err
		}
		packed[i] = p.Packed
	}
	return packed, nil
}

// index fills in the values by which a run is found and summed up. All of them follow from the file: the same run
// always gets the same values, however it reaches a store.
func (p *Packed) index(r bench.Run) {
	m := p.File.Metadata
	p.ID, p.Series, p.Counts = canonical(r.ID), bench.SeriesOf(r), r.Counts
	// A file has a start in whole microseconds, and the duration. Their sum may be up to a microsecond before the end
	// of the run, so it is rounded up.
	p.End = clock(m.StartTime).Add(nanos(m.DurationMS) + time.Microsecond - 1).Truncate(time.Microsecond)
	p.Invalid = p.File.Details.Validity != nil && p.File.Details.Validity.Verdict == bench.Invalid
}

// Run is the run that was packed. Without Samples the run has Kept.
func (p Packed) Run() (bench.Run, error) {
	var f File
	if err := unmarshal(p.Document, &f); err != nil {
		return bench.Run{}, err
	}
	return p.run(f)
}

// run is the run with the document f.
func (p Packed) run(f File) (bench.Run, error) {
	run, err := f.told()
	if err != nil {
		return bench.Run{}, err
	}
	if run.Kept == nil {
		return bench.Run{}, fmt.Errorf("details.samples: %w: they stand apart in a packed run", errPacked)
	}
	if p.Samples != nil {
		run.Kept = nil
		run.Samples, err = unpackSamples(p.Samples, slots(run))
	} else if p.Histogram != nil {
		err = run.Kept.Histogram.UnmarshalBinary(p.Histogram)
	}
	if err == nil && (p.Samples != nil || p.Histogram != nil) {
		err = whole(run)
	}
	if err != nil {
		return bench.Run{}, err
	}
	return run, nil
}

// slots is how many samples r has according to its counts. Runs of the original tool have samples of answered pings
// alone.
func slots(r bench.Run) int {
	if r.OfOriginal() {
		return r.Counts.Answered
	}
	return r.Counts.Sent + r.Counts.NotSent
}

// tick is the resolution of times in packed samples.
const tick = 100 * time.Nanosecond

const packedVersion = 1

// packSamples packs samples in columns, about 10 bytes each:
//
//	version, number of samples, cooldown of the grid in ns (0 = due times have a column)
//	seq:     runs of (step, length)
//	fate:    runs of (outcome | reason<<3 | stamped<<6, length)
//	due, sent − due, send call, RTT, hold, up:
//	         the least value, then each value less the least, in ticks, where a sample has one
//
// All numbers are varints; those that may be negative are zigzag.
func packSamples(samples []bench.Sample, plan bench.Plan) []byte {
	b := []byte{packedVersion}
	b = binary.AppendUvarint(b, uint64(len(samples)))
	grid := plan.Cooldown
	for _, s := range samples {
		if s.Due != plan.Due(s.Seq) {
			grid = 0
		}
	}
	b = binary.AppendUvarint(b, uint64(grid))
	last := uint32(0)
	steps, fates := make([]uint64, len(samples)), make([]uint64, len(samples))
	for i, s := range samples {
		steps[i], last = uint64(s.Seq-last), s.Seq
		fates[i] = uint64(s.Outcome) | uint64(s.Reason)<<3
		if s.Stamped {
			fates[i] |= 1 << 6
		}
	}
	b = appendRuns(appendRuns(b, steps), fates)
	for _, c := range columnsOf(grid) {
		b = c.pack(b, samples)
	}
	return b
}

func appendRuns(b []byte, values []uint64) []byte {
	for i := 0; i < len(values); {
		n := 1
		for i+n < len(values) && values[i+n] == values[i] {
			n++
		}
		b = binary.AppendUvarint(binary.AppendUvarint(b, values[i]), uint64(n))
		i += n
	}
	return b
}

// column is one kind of times, and the samples that have it.
type column struct {
	has func(*bench.Sample) bool
	get func(*bench.Sample) time.Duration
	set func(*bench.Sample, time.Duration)
}

func columnsOf(grid time.Duration) []column {
	sent := func(s *bench.Sample) bool { return s.Outcome != bench.NotSent }
	pong := func(s *bench.Sample) bool { return s.Outcome == bench.Answered || s.Outcome == bench.Late }
	stamped := func(s *bench.Sample) bool { return s.Stamped }
	list := []column{
		{sent, func(s *bench.Sample) time.Duration {
			return s.Sent - s.Due
		}, func(s *bench.Sample, d time.Duration) { s.Sent = s.Due + d }},
		{sent, func(s *bench.Sample) time.Duration {
			return s.SendCall
		}, func(s *bench.Sample, d time.Duration) { s.SendCall = d }},
		{pong, func(s *bench.Sample) time.Duration {
			return s.RTT
		}, func(s *bench.Sample, d time.Duration) { s.RTT = d }},
		{stamped, func(s *bench.Sample) time.Duration {
			return s.Hold
		}, func(s *bench.Sample, d time.Duration) { s.Hold = d }},
		{stamped, func(s *bench.Sample) time.Duration {
			return s.Up
		}, func(s *bench.Sample, d time.Duration) { s.Up = d }},
	}
	if grid == 0 {
		due := column{func(*bench.Sample) bool {
			return true
		}, func(s *bench.Sample) time.Duration { return s.Due }, func(s *bench.Sample, d time.Duration) { s.Due = d }}
		list = append([]column{due}, list...)
	}
	return list
}

func ticks(d time.Duration) int64 {
	n := int64(math.Round(float64(d) / float64(tick)))
	if n == 0 && d > 0 {
		return 1 // 0 would mean a time that is missing
	}
	return n
}

func (c column) pack(b []byte, samples []bench.Sample) []byte {
	least, any := int64(math.MaxInt64), false
	for i := range samples {
		if c.has(&samples[i]) {
			least, any = min(least, ticks(c.get(&samples[i]))), true
		}
	}
	if !any {
		return b
	}
	b = binary.AppendVarint(b, least)
	for i := range samples {
		if c.has(&samples[i]) {
			b = binary.AppendUvarint(b, uint64(ticks(c.get(&samples[i]))-least))
		}
	}
	return b
}

// unpackSamples reads samples that packSamples wrote. want is how many there have to be. Damaged input cannot make it
// allocate more than these samples need.
func unpackSamples(b []byte, want int) ([]bench.Sample, error) {
	if len(b) == 0 || b[0] != packedVersion {
		return nil, fmt.Errorf("%w, or packed by a newer rtcbench", errPacked)
	}
	r := reader{b: b[1:]}
	n, grid := r.uvarint(), time.Duration(r.uvarint())
	if !r.bad && n != uint64(want) {
		return nil, fmt.Errorf("%w: they are %d; details.counts says %d", errPacked, n, want)
	}
	if r.bad || grid < 0 || grid > longest {
		return nil, errPacked
	}
	steps, fates := r.runs(n), r.runs(n)
	if r.bad || !enough(fates, len(r.b)) {
		return nil, errPacked
	}
	samples := make([]bench.Sample, 0, n)
	seq, step, fate := uint64(0), series{runs: steps}, series{runs: fates}
	for range n {
		by, is := step.next(), fate.next()
		if by == 0 || by > math.MaxUint32 {
			return nil, errPacked
		}
		seq += by
		outcome, reason := is&7, is>>3&7
		if seq > math.MaxUint32 || outcome > uint64(bench.NotSent) || reason > uint64(bench.NoLatency) ||
			is>>7 > 0 || grid > 0 && seq > uint64(longest/grid)+1 {
			return nil, errPacked
		}
		s := bench.Sample{Seq: uint32(seq), Outcome: bench.Outcome(outcome), Reason: bench.Reason(reason),
			Stamped: is>>6&1 == 1}
		s.Due = bench.Plan{Cooldown: grid}.Due(s.Seq)
		samples = append(samples, s)
	}
	for _, c := range columnsOf(grid) {
		r.column(c, samples)
	}
	if r.bad || len(r.b) > 0 {
		return nil, errPacked
	}
	return samples, nil
}

// reader takes numbers from b. bad says that the bytes ended too early or were invalid.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// take takes n bytes from b; nil = there are not that many.
func (r *reader) take(n uint64) []byte {
	if n == 0 || n > uint64(len(r.b)) {
		r.bad = r.bad || n > 0
		return nil
	}
	part := r.b[:n:n]
	r.b = r.b[n:]
	return part
}

// equal is a run of equal values: the value, and how often it is repeated.
type equal struct{ value, length uint64 }

// runs reads n values, which are packed as runs of equal values.
func (r *reader) runs(n uint64) (list []equal) {
	for n > 0 && !r.bad {
		e := equal{r.uvarint(), r.uvarint()}
		if e.length == 0 || e.length > n {
			r.bad = true
			break
		}
		list, n = append(list, e), n-e.length
	}
	return list
}

// enough reports whether so many bytes can hold the times of the samples. Each time takes at least one byte.
func enough(fates []equal, bytes int) bool {
	need := uint64(0)
	for _, e := range fates {
		if outcome := bench.Outcome(e.value & 7); outcome != bench.NotSent {
			need += 2 * e.length // the send time, and the duration of the send call
		}
	}
	return need <= uint64(bytes)
}

// series gives the values of runs one by one.
type series struct{ runs []equal }

func (s *series) next() uint64 {
	e := &s.runs[0]
	v := e.value
	if e.length--; e.length == 0 {
		s.runs = s.runs[1:]
	}
	return v
}

func (r *reader) column(c column, samples []bench.Sample) {
	var least int64
	first := true
	for i := range samples {
		s := &samples[i]
		if !c.has(s) || r.bad {
			continue
		}
		if first {
			least, first = r.varint(), false
		}
		above := r.uvarint()
		if least < -int64(longest/tick) || least > int64(longest/tick) || above > 2*uint64(longest/tick) {
			r.bad = true
			return
		}
		c.set(s, time.Duration(least+int64(above))*tick)
	}
}
