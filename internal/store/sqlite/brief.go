package sqlite

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// A brief is a short copy of the values of a run that overviews need. A page reads the briefs of a day before it shows
// anything; the runs are ten times as long. A brief has a checksum of its own. If the checksum is wrong, the run itself
// is read.

const briefVersion = 1

// briefOf is the brief of a run in series; nil if these values have to be read from the document each time.
func briefOf(p bench.Packed, series int64) []byte {
	verdict, p95, ok := result.Brief(p)
	if !ok {
		return nil
	}
	b := make([]byte, 0, 128+len(p.Histogram))
	b = binary.AppendVarint(append(b, briefVersion), series)
	b = appendText(appendText(b, string(p.Series.Path)), string(verdict))
	at := uint64(0) // P95 in ns plus 1; 0 = not known
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

// briefSum is the checksum of a brief, and of the ID and the end of its run.
func briefSum(id string, ended int64, brief []byte) uint32 {
	where := binary.BigEndian.AppendUint64(append(make([]byte, 0, 64), id...), uint64(ended))
	return crc32.Update(crc32.Checksum(where, castagnoli), castagnoli, brief)
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// briefly decodes a brief of the run with this ID and end. series are the series of the store. ok is false if the brief
// is damaged, or if another version of rtcbench wrote it.
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

// briefReader reads the values of a brief one after the other.
type briefReader struct {
	data []byte
	ok   bool // false: the brief ended too early
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

// verdictOf is the verdict with this name. It shares the text of known verdicts, to save memory.
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
