package fleet

import (
	"testing"
	"time"
)

// TestAhead: the seats of a plan are given for a day, and of one whose slots are short for less: they would be too many
// to be made, sent and kept by every place.
func TestAhead(t *testing.T) {
	for every, want := range map[time.Duration]time.Duration{
		time.Second: 80 * time.Minute, 18 * time.Second: 24 * time.Hour, time.Minute: 24 * time.Hour,
		time.Hour: 24 * time.Hour,
	} {
		if got := (Plan{Every: every}).Ahead(); got != want {
			t.Errorf("slots of %v: %v ahead, want %v", every, got, want)
		}
	}
}
