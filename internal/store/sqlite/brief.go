package sqlite

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// A brief is what overviews need of a run, in one short row: a page reads those of a day before it shows anything, and
// a run is ten times as long. It is a copy, with a checksum of its own; one that is not as it was written is not looked
// at, and the run itself is read.

const briefVersion = 1

// briefOf is the brief of a run that is filed under series; nil where the document has to be read for it.
func briefOf(p bench.Packed, series int64) []byte {
	verdict, p95, ok := result.Brief(p)
	if !ok {
		return nil
	}
	b := make([]byte, 0, 128+len(p.Histogram))
	b = binary.AppendVarint(append(b, briefVersion), series)
	b = appendText(appendText(b, string(p.Series.Path)), string(verdict))
	at := uint64(0) // 0 = not known
	if p95.OK {
		at = uint64(p95.D) + 1
	}
	b = binary.AppendUvarint(b, at)
	for _, x := range bench.SummedCounts {
		if v := *x.Of(&p.Counts); v != 0 {
			b = binary.AppendUvarint(appendText(b, x.Key), uint64(v))
		}
	}
	b = append(appendText(b, ""), p.Histogram...)
	return binary.BigEndian.AppendUint32(b, briefSum(p.ID, p.End.UnixMicro(), b))
}

// briefSum is the checksum of a brief and of where it belongs.
func briefSum(id string, ended int64, brief []byte) uint32 {
	where := binary.BigEndian.AppendUint64(append(make([]byte, 0, 64), id...), uint64(ended))
	return crc32.Update(crc32.Checksum(where, castagnoli), castagnoli, brief)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// briefly reads a brief of the run that ended then. series are those of the store. It is not ok where it is not as
// it was written, or as another version writes it.
func briefly(data []byte, id string, ended int64, series map[int64]bench.Series) (d bench.Digest, ok bool) {
	end := len(data) - 4
	if end < 1 || data[0] != briefVersion || binary.BigEndian.Uint32(data[end:]) != briefSum(id, ended, data[:end]) {
		return d, false
	}
	r := briefReader{data: data[1:end], ok: true}
	number, n := binary.Varint(r.data)
	if n <= 0 {
		return d, false
	}
	r.data = r.data[n:]
	of, known := series[number]
	of.Path = bench.Path(r.text())
	d = bench.Digest{ID: id, Series: of, End: time.UnixMicro(ended).UTC(), Verdict: verdictOf(r.text())}
	if p95 := r.uint(); p95 > 0 {
		d.P95 = bench.Quantity{D: time.Duration(p95 - 1), OK: true}
	}
	for key := r.text(); len(key) > 0; key = r.text() {
		x, counts := countNamed(key)
		if v := r.uint(); counts {
			*x.Of(&d.Counts) = int(v)
		} else {
			return d, false
		}
	}
	d.Histogram = bytes.Clone(r.data)
	return d, r.ok && known
}

// briefReader reads what is in a brief, from its beginning.
type briefReader struct {
	data []byte
	ok   bool // nothing was missing
}

func (r *briefReader) uint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.data, r.ok = nil, false
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *briefReader) text() []byte {
	n := r.uint()
	if n > uint64(len(r.data)) {
		r.data, r.ok = nil, false
		return nil
	}
	text := r.data[:n]
	r.data = r.data[n:]
	return text
}

// verdictOf is the verdict of that name, without a copy of it for each run.
func verdictOf(name []byte) bench.Verdict {
	for _, v := range bench.Verdicts {
		if string(v) == string(name) {
			return v
		}
	}
	return bench.Verdict(name)
}

func countNamed(key []byte) (bench.Count, bool) {
	for _, x := range bench.SummedCounts {
		if x.Key == string(key) {
			return x, true
		}
	}
	return bench.Count{}, false
}
