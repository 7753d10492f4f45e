package benchtest

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestRoom: tests run beside one another as long as the machine has room for what they weigh, and the next one waits
// until one of them has ended.
func TestRoom(t *testing.T) {
	var ended []func()
	for taken := int64(0); taken+int64(WithBrowser) <= whole; taken += int64(WithBrowser) {
		free, err := Room(t.Context(), WithBrowser)
		if err != nil {
			t.Fatal(err)
		}
		ended = append(ended, free)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Room(short, Light); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one test more than there is room for: %v", err)
	}
	ended[0]()
	free, err := Room(t.Context(), Light)
	if err != nil {
		t.Fatal(err)
	}
	free()
	for _, free := range ended[1:] {
		free()
	}
}
