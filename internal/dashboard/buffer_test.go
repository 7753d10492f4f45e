package dashboard

import (
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestJitterBuffers: of a run of audio each point of the curve says which share of the packets comes later than that,
// and the summary's own figure lies on it; a run of messages has no such picture.
func TestJitterBuffers(t *testing.T) {
	r := benchtest.StoredRun(1000, noon)
	n := len(r.Samples)
	for i := range r.Samples {
		s := &r.Samples[i]
		*s = bench.Sample{Seq: s.Seq, Outcome: bench.Answered, Stamped: true, Due: s.Due, Sent: s.Due,
			Up: time.Duration(10+i) * time.Millisecond, RTT: time.Duration(30+i) * time.Millisecond}
	}
	r.Clocks = bench.OneClock
	if v, err := NewRun(bench.NewRecord(r)); err != nil || v.Buffer != nil {
		t.Fatalf("messages have %+v, %v", v.Buffer, err)
	}
	r.Facts.Transport = bench.RTPAudio
	record := bench.NewRecord(r)
	v, err := NewRun(record)
	if err != nil || v.Buffer == nil || len(v.Buffer.Up) < 30 {
		t.Fatalf("%+v, %v", v.Buffer, err)
	}
	for _, p := range v.Buffer.Up {
		if late := n - 1 - int(p.Wait); late != int(p.Share*float64(n)+1e-9) { // i ms above the first
			t.Errorf("a wait of %v ms: %d packets come later, and the curve says %v", p.Wait, late, p.Share)
		}
	}
	for _, p := range v.Buffer.Down {
		if p.Wait != 0 {
			t.Errorf("down: %+v", p)
		}
	}
	if b := record.Summary.Up.Buffer1; millis(b.D) != float64(n-1-n/100) {
		t.Errorf("the summary says %v", b)
	}
}
