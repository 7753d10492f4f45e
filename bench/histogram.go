package bench

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"rtcbench/internal/stats"
)

// EncodeHistogram packs h into HdrHistogram's compressed V2 format, as base64, in microseconds. Its range is one hour,
// or as much more as h needs.
func EncodeHistogram(h stats.Histogram) (string, error) {
	largest := time.Hour
	h.Buckets(func(_, hi time.Duration, _ uint64) bool {
		largest = max(largest, hi)
		return true
	})
	to := hdr.New(1, largest.Microseconds(), 3)
	var err error
	h.Buckets(func(lo, _ time.Duration, count uint64) bool {
		err = to.RecordValues(lo.Microseconds(), int64(count))
		return err == nil
	})
	if err != nil {
		return "", err
	}
	b, err := to.Encode(hdr.V2CompressedEncodingCookieBase)
	return string(b), err
}

// DecodeHistogram reads what EncodeHistogram wrote.
func DecodeHistogram(text string) (h stats.Histogram, err error) {
	from, err := hdr.Decode([]byte(text))
	if err != nil {
		return h, err
	}
	for _, b := range from.Distribution() {
		if b.Count > 0 {
			h.AddMany(time.Duration(b.From)*time.Microsecond, uint64(b.Count))
		}
	}
	return h, nil
}
