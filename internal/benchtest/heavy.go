package benchtest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gofrs/flock"
)

// heavy is this test binary's hold on the machine, shared by those of its tests that want it at one time.
var heavy struct {
	mu    sync.Mutex
	users int
	lock  *flock.Flock
}

// Heavy waits until no other test binary of this module uses a browser or a LiveKit server, and keeps others waiting
// until t ends: go test runs packages beside one another, and two browsers under the race detector leave a machine with
// two cores nothing to keep time with. Tests of one binary share the hold, so that a helper may ask again for what its
// test has.
func Heavy(t testing.TB) {
	t.Helper()
	heavy.mu.Lock()
	defer heavy.mu.Unlock()
	if heavy.users == 0 {
		heavy.lock = flock.New(lockFile, flock.SetFlag(os.O_RDONLY))
		if err := heavy.lock.Lock(); err != nil {
			t.Fatalf("wait for other tests with a browser or a server: %v", err)
		}
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

// lockFile is a file that all test binaries of one checkout have, and that no program reads while tests run. So no lock
// file is left behind.
var lockFile = filepath.Join(root, "LICENSE")

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
