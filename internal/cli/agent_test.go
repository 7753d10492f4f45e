package cli

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestOneLimit: what came before a join is not there for it, and is not taken from it twice.
func TestOneLimit(t *testing.T) {
	const within, before = 5 * time.Second, 2 * time.Second
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		time.Sleep(before)
		for began, want := range map[time.Time]time.Duration{begin: within, {}: within + before, begin.Add(-time.Hour): 0} {
			ctx, cancel := limit{within, began}.on(t.Context())
			deadline, _ := ctx.Deadline()
			if got := max(0, deadline.Sub(begin)); got != want {
				t.Errorf("began %v: ends after %v, want %v", began, got, want)
			}
			cancel()
		}
	})
}
