package benchtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// heavy is this test binary's place on the machine, shared by those of its tests that want it at one time.
var heavy struct {
	mu    sync.Mutex
	users int
	lock  *flock.Flock
}

// Heavy waits until fewer test binaries of this module than there are processors use a browser or a LiveKit server, and
// keeps one place among them until t ends: go test runs packages beside one another, and too many browsers leave a
// machine nothing to keep time with. Tests of one binary share the place, so that a helper may ask again for what its
// test has.
func Heavy(t testing.TB) {
	t.Helper()
	heavy.mu.Lock()
	defer heavy.mu.Unlock()
	if heavy.users == 0 {
		lock, err := place(t.Context(), runtime.NumCPU())
		if err != nil {
			t.Fatalf("wait for other tests with a browser or a server: %v", err)
		}
		heavy.lock = lock
	}
	heavy.users++
	t.Cleanup(func() {
		heavy.mu.Lock()
		defer heavy.mu.Unlock()
		if heavy.users--; heavy.users == 0 {
			heavy.lock.Close()
		}
	})
}

// place waits for one of n places.
func place(ctx context.Context, n int) (*flock.Flock, error) {
	if err := os.MkdirAll(shared, 0o755); err != nil {
		return nil, err
	}
	for look := time.NewTicker(50 * time.Millisecond); ; {
		for i := range n {
			lock := flock.New(filepath.Join(shared, fmt.Sprintf("place-%d.lock", i)))
			if ok, err := lock.TryLock(); ok || err != nil {
				return lock, err
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// root is the folder of this checkout, looked for at the start: a test may change its working directory.
var root = func() string {
	dir, _ := os.Getwd()
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	return dir
}()

// shared is the folder of what all test binaries of this checkout share.
var shared = filepath.Join(root, ".bin", "tests")

// raceExit shortens the second for which the race detector holds every process at its end, in case that races are
// still to be told.
const raceExit = "GORACE=atexit_sleep_ms=20"

// QuickExits makes the processes that a test binary starts end at once under the race detector, and gives the variable
// for those whose environment is written by hand. TestMain calls it.
func QuickExits() string {
	if own := os.Getenv("GORACE"); own != "" {
		return "GORACE=" + own
	}
	os.Setenv("GORACE", raceExit[len("GORACE="):])
	return raceExit
}
