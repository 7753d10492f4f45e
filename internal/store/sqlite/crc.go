package sqlite

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"rtcbench/bench"
)

// SQLite does not notice a flipped bit in a number, so rows have checksums (CRC-32C) of their content. Rows that are
// older than the checksums have NULL and are read without a check.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// The parts of a row that have a checksum each, in their order. A rollup has the first two.
const (
	partColumns = iota // the columns by which the row is found and summed up
	partHistogram
	partDocument
	partSamples
)

// crcs are the checksums of parts. Each has four bytes.
func crcs(parts ...[]byte) (b []byte) {
	for _, part := range parts {
		b = binary.BigEndian.AppendUint32(b, crc32.Checksum(part, castagnoli))
	}
	return b
}

// verify is an error if a part of a row differs from what was written.
func verify(crc []byte, which int, part []byte) error {
	at := 4 * which
	if crc == nil || len(crc) >= at+4 && binary.BigEndian.Uint32(crc[at:]) == crc32.Checksum(part, castagnoli) {
		return nil
	}
	return fmt.Errorf("its %s not as they were written: a checksum differs",
		[...]string{"columns are", "histogram's bytes are", "document's bytes are", "samples are"}[which])
}

// summed are the columns by which a run or a rollup is found and summed up.
type summed struct {
	seconds, series int64 // seconds: of the rollup's period; 0 = a run
	path            bench.Path
	at              int64 // the run's end in Unix µs, the rollup's start in Unix s
	invalid         bool
	runs            int
	counts          bench.Counts
}

// places are pointers for a scan of the columns seconds, series, path, ended or start, invalid, runs and the counts.
func (s *summed) places(c columns) []any {
	return append([]any{&s.seconds, &s.series, &s.path, &s.at, &s.invalid, &s.runs}, c.in(&s.counts)...)
}

// values are the values of the same columns, to write them.
func (s summed) values(c columns) []any {
	return append([]any{s.seconds, s.series, string(s.path), s.at, s.invalid, s.runs}, c.of(s.counts)...)
}

// bytes are the bytes for the checksum. A count that is zero is left out: so a column that is added later changes no
// checksum.
func (s summed) bytes() []byte {
	b := make([]byte, 0, 128)
	invalid := int64(0)
	if s.invalid {
		invalid = 1
	}
	for _, v := range []int64{s.seconds, s.series, s.at, invalid, int64(s.runs), int64(len(s.path))} {
		b = binary.AppendVarint(b, v)
	}
	b = append(b, s.path...)
	for _, x := range bench.SummedCounts {
		if v := *x.Of(&s.counts); v != 0 {
			b = binary.AppendVarint(append(append(b, x.Key...), 0), int64(v))
		}
	}
	return b
}

// verify is an error if the columns or the histogram are not as they were written.
func (s summed) verify(crc, histogram []byte) error {
	if crc == nil {
		return nil
	}
	if err := verify(crc, partColumns, s.bytes()); err != nil {
		return err
	}
	return verify(crc, partHistogram, histogram)
}

// crcsOf are the checksums of a run's row.
func crcsOf(p bench.Packed, series int64) []byte {
	s := summed{0, series, p.Series.Path, p.End.UnixMicro(), p.Invalid, 1, p.Counts}
	return crcs(s.bytes(), p.Histogram, p.Document, p.Samples)
}
