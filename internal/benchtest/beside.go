package benchtest

import (
	"context"
	"flag"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"
)

// Weight is how much of a machine a test takes while it runs.
type Weight int64

// Light is a test that mostly waits. WithBrowser is one that has a browser, or several programs of its own: two of them
// for each processor would leave it nothing to keep time with.
const (
	Light       Weight = 2
	WithBrowser Weight = 5
)

// machine is what the tests of one binary may take of this machine at one time.
var (
	whole   = int64(5 * runtime.NumCPU())
	machine = semaphore.NewWeighted(whole)
)

// Beside lets a test run beside others of its binary, as far as the machine has room for what they weigh: most of what
// they do is wait. It comes first in a test, so that everything of the test has ended when its room is given back.
func Beside(t *testing.T, w Weight) {
	t.Helper()
	t.Parallel()
	free, err := Room(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	t.Cleanup(func() { // what go test says has the waiting in it
		t.Logf("it took %v, and waited for room before", time.Since(begun).Round(10*time.Millisecond))
		free()
	})
	if w >= WithBrowser {
		Heavy(t)
	}
}

// Room waits for what Beside waits for, for whoever is no test of package testing. The caller gives it back by free.
func Room(ctx context.Context, w Weight) (free func(), err error) {
	n := min(int64(w), whole)
	if err := machine.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return func() { machine.Release(n) }, nil
}

// ByWeight are tests of which no number may run at one time, but what Beside allows. TestMain runs them.
type ByWeight struct{ *testing.M }

// Run begins all tests that run beside others, if the command line does not say how many.
func (m ByWeight) Run() int {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		flag.Set("test.parallel", "1000")
	}
	return m.M.Run()
}
