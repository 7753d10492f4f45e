package bench

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// The layout of every histogram of ours: microseconds up to an hour, three digits. One layout
// for all runs is what makes merging exact.
const (
	histogramMax    = int64(time.Hour / time.Microsecond)
	histogramDigits = 3
)

// EncodeHistogram packs RTTs into HdrHistogram's compressed V2 format, as base64. Each RTT is
// rounded to a whole microsecond and is then exact to three digits.
func EncodeHistogram(rtts []time.Duration) (string, error) {
	h := hdr.New(1, histogramMax, histogramDigits)
	for _, d := range rtts {
		if err := h.RecordValue(min(d.Round(time.Microsecond).Microseconds(), histogramMax)); err != nil {
			return "", err
		}
	}
	b, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
	return string(b), err
}
