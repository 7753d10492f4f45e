package benchtest

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestPlaces: there are as many places as were said, and whoever has none waits for one.
func TestPlaces(t *testing.T) {
	defer func(dir string) { shared = dir }(shared)
	shared = t.TempDir()
	first, err := place(t.Context(), 2)
	second, err2 := place(t.Context(), 2)
	if err != nil || err2 != nil || first.Path() == second.Path() {
		t.Fatal(first, second, err, err2)
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := place(short, 2); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a third place of two: %v", err)
	}
	first.Close()
	third, err := place(t.Context(), 2)
	if err != nil || third.Path() != first.Path() {
		t.Errorf("%v, %v", third, err)
	}
	second.Close()
	third.Close()
}
