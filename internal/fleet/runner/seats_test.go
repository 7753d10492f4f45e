package runner

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/fleet"
)

// TestSeatsOnAFullDisk: seats that the disk does not take are there all the same, and those of another plan are not:
// that plan is not on disk either. Without a seat the reason is the true one.
func TestSeatsOnAFullDisk(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	s, err := loadSeats(filepath.Join(dir, "gone", "fleet-seats.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "gone"), nil, 0o600); err != nil { // a file where the folder would be
		t.Fatal(err)
	}
	if _, err := s.of("a", now); err == nil || !strings.Contains(err.Error(), "was not reached since") {
		t.Error(err)
	}
	got := fleet.SeatsLeased{To: now.Add(time.Hour), Seats: []fleet.Seat{{Job: "a", Slot: now}}}
	failed := s.lease(got, now, true)
	if failed == nil {
		t.Fatal("the seats are in a file that there cannot be")
	}
	s.asked(failed)
	if _, err := s.of("a", now); err == nil || !strings.Contains(err.Error(), "keep the seats that the hub leased") {
		t.Error(err)
	}
	s.asked(fmt.Errorf("%w: late", errNoAnswer))
	if _, err := s.of("a", now); err == nil || !strings.Contains(err.Error(), "was not reached since") {
		t.Error(err)
	}
	if err := s.lease(got, now, false); err == nil || errors.Is(err, errNoAnswer) {
		t.Error(err)
	}
	if seat, err := s.of("a", now); err != nil || seat.Job != "a" {
		t.Errorf("a seat that was leased: %+v, %v", seat, err)
	}
}
