package lab

import (
	"testing"
	"time"
)

// TestAway: the network is there first, then away for as long as is asked for, and so on.
func TestAway(t *testing.T) {
	s := Scenario{Alternate: 2 * time.Second}
	for at, want := range map[time.Duration]bool{0: false, 1999 * time.Millisecond: false, 2 * time.Second: true,
		3999 * time.Millisecond: true, 4 * time.Second: false, 6 * time.Second: true} {
		if s.Away(at) != want {
			t.Errorf("at %v: away %v, want %v", at, s.Away(at), want)
		}
	}
	if (Scenario{}).Away(3 * time.Second) {
		t.Error("nobody asked for stretches without a network")
	}
}
