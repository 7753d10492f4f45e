package bench

import "time"

// Packed is a run as stores keep it: what it is found and summed up by, and all of it as bytes. Only package result
// makes one, of a run or of the bytes that another process sent: whatever holds a Packed knows that it was checked.
type Packed struct {
	ID      string
	Series  Series
	End     time.Time // to the microsecond
	Counts  Counts
	Invalid bool // its verdict is Invalid

	Document  []byte // the result file as one line of JSON, without its long lists
	Samples   []byte // in columns; nil = the run has none
	Histogram []byte // of the answered pings: stats.Histogram.AppendBinary
}
