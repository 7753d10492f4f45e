package bench

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// TestLeave: whoever is stopped does not wait for a value that takes its time, and whoever has enough waits until the
// giver has ended.
func TestLeave(t *testing.T) {
	ended := false
	count := func(yield func(int, error) bool) {
		defer func() { ended = true }()
		for i := 0; yield(i, nil); i++ {
		}
	}
	var got []int
	for i := range Leave(t.Context(), count) {
		if got = append(got, i); i == 3 {
			break
		}
	}
	if !slices.Equal(got, []int{0, 1, 2, 3}) || !ended {
		t.Error(got, ended)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	busy, release, left := make(chan bool), make(chan bool), make(chan bool)
	deaf := func(yield func(int, error) bool) {
		defer close(left)
		yield(1, nil)
		close(busy)
		<-release // as deaf as sums of millions of pings
		yield(2, nil)
	}
	go func() { <-busy; cancel(errors.New("stopped")) }()
	got = nil
	for i := range Leave(ctx, deaf) {
		got = append(got, i)
	}
	if !slices.Equal(got, []int{1}) {
		t.Error(got)
	}
	close(release)
	<-left
	if v, err := LeaveOne(ctx, func() (int, error) { <-t.Context().Done(); return 3, nil }); v != 0 ||
		err == nil || err.Error() != "stopped" {
		t.Errorf("one value after the end: %d, %v", v, err)
	}
	failed := errors.New("failed")
	if v, err := LeaveOne(t.Context(), func() (int, error) { return 3, failed }); v != 3 || err != failed {
		t.Errorf("one value: %d, %v", v, err)
	}
}
