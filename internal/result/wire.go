package result

import (
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// The format of a packed run in the outbox, and from a runner to its hub. A run of 600 pings takes about 10 kB:
//
//	version                      one byte
//	SHA-256 of all that follows  32 bytes
//	lengths                      of the document, the document compressed, the histogram, the samples: varints
//	the document                 compressed by deflate
//	the histogram, the samples   as stores keep them
const wireVersion = 1

// maxDocument is the largest document, in bytes. Documents of rtcbench have about 5 kB. Without a limit, a small
// compressed document could expand to any size.
const maxDocument = 4 << 20

var (
	// ErrDamaged is wrapped by the error of ReadPacked for data that is not a packed run, or is damaged.
	ErrDamaged = errors.New("it is no packed run, or it was damaged on its way")
	// ErrNewer is wrapped by the error of ReadPacked for data that a newer version has packed.
	ErrNewer = errors.New("a newer rtcbench has packed it")
)

// deflaters are reused, because each takes much memory.
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(io.Discard, flate.DefaultCompression)
	if err != nil {
		panic(err) // the level is valid
	}
	return w
}}

// MarshalBinary encodes p for the outbox or a hub. ReadPacked decodes it.
func (p Packed) MarshalBinary() ([]byte, error) {
	if len(p.Document) > maxDocument {
		return nil, fmt.Errorf("%w: its document has %d bytes; %d are allowed", bench.ErrRejected, len(p.Document),
			maxDocument)
	}
	var document bytes.Buffer
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(&document)
	if _, err := w.Write(p.Document); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	head := 1 + sha256.Size
	b := make([]byte, head, head+4*binary.MaxVarintLen64+document.Len()+len(p.Histogram)+len(p.Samples))
	b[0] = wireVersion
	for _, n := range []int{len(p.Document), document.Len(), len(p.Histogram), len(p.Samples)} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = append(append(append(b, document.Bytes()...), p.Histogram...), p.Samples...)
	sum := sha256.Sum256(b[head:])
	copy(b[1:], sum[:])
	return b, nil
}

// ReadPacked decodes what MarshalBinary wrote, and checks it. If there is no error, r is a possible run, and a store
// may keep p as it is.
func ReadPacked(data []byte) (p Packed, r bench.Run, err error) {
	if p.Packed, err = unwrap(data); err != nil {
		return Packed{}, bench.Run{}, err
	}
	if err = unmarshal(p.Document, &p.File); err == nil {
		r, err = p.checked()
	}
	if err != nil {
		return Packed{}, bench.Run{}, err
	}
	p.index(r)
	return p, r, nil
}

// inflaters are readers of flate, which have 44 kB each: a hub needs one for each run.
var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// unwrap decodes the parts. Damaged data cannot make it allocate more than maxDocument.
func unwrap(data []byte) (p bench.Packed, err error) {
	const head = 1 + sha256.Size
	if len(data) > 0 && data[0] > wireVersion {
		return p, fmt.Errorf("%w: it has version %d, and this rtcbench knows %d", ErrNewer, data[0], wireVersion)
	}
	if len(data) < head || data[0] != wireVersion || sha256.Sum256(data[head:]) != [sha256.Size]byte(data[1:head]) {
		return p, ErrDamaged
	}
	r := reader{b: data[head:]}
	whole := r.uvarint()
	lengths := [3]uint64{r.uvarint(), r.uvarint(), r.uvarint()}
	document := r.take(lengths[0])
	p.Histogram, p.Samples = r.take(lengths[1]), r.take(lengths[2])
	switch {
	case r.bad || len(r.b) > 0:
		return p, ErrDamaged
	case whole > maxDocument:
		return p, fmt.Errorf("its document has %d bytes; %d are allowed", whole, maxDocument)
	}
	p.Document = make([]byte, whole)
	inflated := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(inflated)
	if err := inflated.(flate.Resetter).Reset(bytes.NewReader(document), nil); err != nil {
		return p, err
	}
	if _, err := io.ReadFull(inflated, p.Document); err != nil {
		return p, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if n, err := inflated.Read(make([]byte, 1)); n > 0 || !errors.Is(err, io.EOF) {
		return p, fmt.Errorf("%w: its document is longer than it says", ErrDamaged)
	}
	return p, nil
}

// checked is the run of p. The error says that the run is not possible, or that a store may not keep p as it is.
func (p Packed) checked() (r bench.Run, err error) {
	f, d := p.File, p.File.Details
	if r, err = p.run(f); err != nil {
		return r, err
	}
	switch {
	case len(f.Measurements) > 0 || len(d.LateRTT) > 0 || d.Histogram != nil:
		return r, fmt.Errorf("measurements: %w: they stand apart in a packed run", errPacked)
	case d.Validity == nil:
		return r, missing("details.validity")
	case CleanURL(f.Metadata.RoomURL) != f.Metadata.RoomURL: // the URL itself may be a secret
		return r, errors.New("metadata.room_url: a user, a query or a fragment is in it")
	}
	if err := cmp.Or(f.checkBefore(fastest), checkPongs(r)); err != nil {
		return r, err
	}
	var h stats.Histogram
	if err := h.UnmarshalBinary(p.Histogram); err != nil {
		return r, fmt.Errorf("%w: %w", errPacked, err)
	}
	if n := h.Total(); n != uint64(r.Counts.Answered) {
		return r, fmt.Errorf("the histogram has %d pings; details.counts.answered is %d", n, r.Counts.Answered)
	}
	if len(r.Samples) == 0 {
		return r, nil
	}
	if !fits(h, r.Samples) {
		return r, errors.New("the histogram is not that of the samples")
	}
	return r, f.Statistics.agree(r.Samples)
}

// agree is an error if a statistic differs from the samples. Their times are rounded to ticks, so small differences are
// accepted. Otherwise lists and sums would show another value than the run itself.
func (s Statistics) agree(samples []bench.Sample) error {
	var rtts []time.Duration
	for _, x := range samples {
		if x.Outcome == bench.Answered {
			rtts = append(rtts, x.RTT)
		}
	}
	sorted := stats.Sorted(rtts)
	quantile := func(q float64) func([]time.Duration) (time.Duration, bool) {
		return func([]time.Duration) (time.Duration, bool) { return stats.Quantile(sorted, q) }
	}
	for _, x := range []struct {
		key string
		is  *float64
		of  func([]time.Duration) (time.Duration, bool)
	}{
		{"mean_rtt", s.MeanRTT, stats.Mean}, {"median_rtt", s.MedianRTT, quantile(0.5)},
		{"min_rtt", s.MinRTT, quantile(0)}, {"max_rtt", s.MaxRTT, quantile(1)},
		{"std_dev_rtt", s.StdDevRTT, stats.StdDev}, {"p50_rtt", s.P50RTT, quantile(0.5)},
		{"p95_rtt", s.P95RTT, quantile(0.95)}, {"p99_rtt", s.P99RTT, quantile(0.99)},
		{"jitter", s.Jitter, stats.MeanDelta},
	} {
		d, known := x.of(rtts)
		if x.is != nil && (!known || !duration(*x.is) || (nanos(*x.is)-d).Abs() > 2*tick) {
			return fmt.Errorf("statistics.%s: %s; the samples have %s", x.key, plain(*x.is), plain(ms(d)))
		}
	}
	return nil
}

// fits reports whether h can be the histogram of the answered samples. Their times are rounded to ticks.
func fits(h stats.Histogram, samples []bench.Sample) bool {
	var least, most []time.Duration
	for _, s := range samples {
		if s.Outcome == bench.Answered {
			least, most = append(least, max(0, s.RTT-tick)), append(most, s.RTT+tick)
		}
	}
	return h.Between(stats.HistogramOf(least), stats.HistogramOf(most))
}
