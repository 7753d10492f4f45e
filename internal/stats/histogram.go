package stats

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"
	"time"
)

// Histogram counts durations in the buckets of an HdrHistogram of microseconds with three digits. Only buckets that are
// not empty are kept. Merging moves no count into another bucket, so that a merged histogram is exactly that of all its
// durations. The zero value is empty.
type Histogram struct{ buckets []bucket } // ascending, none empty

type bucket struct {
	index uint32 // in HdrHistogram's array of counts
	count uint64
}

// HistogramMax is the largest duration that a Histogram tells from larger ones. No run is so long.
const HistogramMax = 10 * 365 * 24 * time.Hour

// subBuckets is what three digits need: the layout has that many buckets of 1 µs, and then half as
// many for each doubling (HdrHistogram, "subBucketCount").
const subBuckets = 2048

// bucketOf is the index of the bucket that holds v, in microseconds.
func bucketOf(v uint64) uint32 {
	octave := bits.Len64(v|(subBuckets-1)) - bits.Len64(subBuckets-1)
	return uint32(octave<<10) + uint32(v>>octave)
}

// bounds are the least and the greatest whole number of microseconds in bucket i.
func bounds(i uint32) (lo, hi uint64) {
	if i < subBuckets {
		return uint64(i), uint64(i)
	}
	octave := i>>10 - 1
	lo = uint64(i-octave<<10) << octave
	return lo, lo + 1<<octave - 1
}

// Add counts d, rounded to a whole microsecond.
func (h *Histogram) Add(d time.Duration) { h.AddMany(d, 1) }

// AddMany counts d as often as count says.
func (h *Histogram) AddMany(d time.Duration, count uint64) {
	index := bucketOf(uint64(min(max(d, 0), HistogramMax).Round(time.Microsecond).Microseconds()))
	i, found := slices.BinarySearchFunc(h.buckets, index, func(b bucket, i uint32) int { return int(b.index) - int(i) })
	if !found {
		h.buckets = slices.Insert(h.buckets, i, bucket{index: index})
	}
	h.buckets[i].count += count
}

// HistogramOf counts all of d.
func HistogramOf(d []time.Duration) Histogram {
	var h Histogram
	for _, v := range Sorted(d) {
		h.Add(v) // at the end of the list: no bucket is moved
	}
	return h
}

// Merge adds the counts of o.
func (h *Histogram) Merge(o Histogram) {
	merged := make([]bucket, 0, len(h.buckets)+len(o.buckets))
	a, b := h.buckets, o.buckets
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].index < b[0].index:
			merged, a = append(merged, a[0]), a[1:]
		case a[0].index > b[0].index:
			merged, b = append(merged, b[0]), b[1:]
		default:
			merged = append(merged, bucket{a[0].index, a[0].count + b[0].count})
			a, b = a[1:], b[1:]
		}
	}
	h.buckets = append(append(merged, a...), b...)
}

// Total is the number of durations counted.
func (h Histogram) Total() (n uint64) {
	for _, b := range h.buckets {
		n += b.count
	}
	return n
}

// Equal reports whether every bucket has the same count.
func (h Histogram) Equal(o Histogram) bool { return slices.Equal(h.buckets, o.buckets) }

// Between reports whether h can be the histogram of durations of which only bounds are known: least counts the lower
// bound of each duration, and most the upper bound.
func (h Histogram) Between(least, most Histogram) bool {
	return !h.before(least) && !most.before(h) && h.Total() == least.Total() && h.Total() == most.Total()
}

// before reports whether more durations are counted up to some bucket of h than of o.
func (h Histogram) before(o Histogram) bool {
	var mine, other uint64
	for _, b := range h.buckets {
		mine += b.count
		for len(o.buckets) > 0 && o.buckets[0].index <= b.index {
			other, o.buckets = other+o.buckets[0].count, o.buckets[1:]
		}
		if mine > other {
			return true
		}
	}
	return false
}

// Quantile is the middle of the bucket that holds the value of rank ⌈q·n⌉ (nearest rank, definition 1
// of Hyndman and Fan): it is within half a bucket, 0.05 %, of that value.
func (h Histogram) Quantile(q float64) (d time.Duration, ok bool) {
	total := h.Total()
	if total == 0 {
		return 0, false
	}
	rank := max(1, uint64(math.Ceil(q*float64(total))))
	seen := uint64(0)
	for _, b := range h.buckets {
		if seen += b.count; seen >= rank {
			lo, hi := bounds(b.index)
			return time.Duration(lo+hi) * time.Microsecond / 2, true
		}
	}
	return 0, false
}

// Buckets calls yield with the least and greatest duration of each bucket that is not empty, and its
// count, in ascending order.
func (h Histogram) Buckets(yield func(lo, hi time.Duration, count uint64) bool) {
	for _, b := range h.buckets {
		lo, hi := bounds(b.index)
		if !yield(time.Duration(lo)*time.Microsecond, time.Duration(hi)*time.Microsecond, b.count) {
			return
		}
	}
}

// AppendBinary appends the histogram as pairs of unsigned varints: the distance to the bucket before, and
// the count. Nothing else is written: an empty histogram is empty.
func (h Histogram) AppendBinary(b []byte) ([]byte, error) {
	last := uint32(0)
	for _, x := range h.buckets {
		b = binary.AppendUvarint(b, uint64(x.index-last))
		b = binary.AppendUvarint(b, x.count)
		last = x.index
	}
	return b, nil
}

// MarshalBinary is AppendBinary to an empty slice.
func (h Histogram) MarshalBinary() ([]byte, error) { return h.AppendBinary(nil) }

var errHistogram = errors.New("not a histogram")

// eachPair calls visit with the buckets that AppendBinary wrote, in ascending order.
func eachPair(data []byte, visit func(bucket)) error {
	index := uint64(0)
	for first := true; len(data) > 0; first = false {
		step, n := binary.Uvarint(data)
		if n <= 0 || step == 0 && !first {
			return errHistogram
		}
		count, m := binary.Uvarint(data[n:])
		index += step
		if m <= 0 || count == 0 || step > math.MaxUint32 ||
			index > uint64(bucketOf(uint64(HistogramMax/time.Microsecond))) {
			return errHistogram
		}
		visit(bucket{uint32(index), count})
		data = data[n+m:]
	}
	return nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (h *Histogram) UnmarshalBinary(data []byte) error {
	h.buckets = make([]bucket, 0, len(data)/2)
	return eachPair(data, func(b bucket) { h.buckets = append(h.buckets, b) })
}

// TotalOfBinary is the Total of the histogram that AppendBinary wrote.
func TotalOfBinary(data []byte) (total uint64, err error) {
	err = eachPair(data, func(b bucket) { total += b.count })
	return total, err
}

// Sum is the merge of many histograms, laid out so that adding one more allocates nothing. The zero
// value is empty.
type Sum struct {
	counts   []uint64 // by bucket
	from, to int      // where they may not be 0
}

// AddBinary adds a histogram that AppendBinary wrote. After an error, a part of it may have been added.
func (s *Sum) AddBinary(data []byte) error { return eachPair(data, s.add) }

// Add adds h.
func (s *Sum) Add(h Histogram) {
	for _, b := range h.buckets {
		s.add(b)
	}
}

func (s *Sum) add(b bucket) {
	at := int(b.index)
	if missing := at + 1 - len(s.counts); missing > 0 {
		s.counts = append(s.counts, make([]uint64, missing)...)
	}
	if s.to == 0 {
		s.from = at
	}
	s.from, s.to = min(s.from, at), max(s.to, at+1)
	s.counts[at] += b.count
}

// Reset makes the sum empty, and keeps its memory for later use.
func (s *Sum) Reset() {
	clear(s.counts[s.from:s.to])
	s.from, s.to = 0, 0
}

// Histogram is the sum as it is now.
func (s *Sum) Histogram() Histogram {
	n := 0
	for _, count := range s.counts[s.from:s.to] {
		if count > 0 {
			n++
		}
	}
	h := Histogram{buckets: make([]bucket, 0, n)}
	for i, count := range s.counts[s.from:s.to] {
		if count > 0 {
			h.buckets = append(h.buckets, bucket{uint32(s.from + i), count})
		}
	}
	return h
}
