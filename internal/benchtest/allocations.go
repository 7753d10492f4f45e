package benchtest

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Allocations counts what our own code allocates while do runs, by the line that asks for it: ours, also where the
// standard library allocates on its behalf. What an SDK allocates is its own, also below a call of ours. It counts
// allocations of any size by the profiler of memory, in all goroutines, with the race detector too.
func Allocations(t testing.TB, do func()) map[string]int64 {
	t.Helper()
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	defer func() { runtime.MemProfileRate = rate }()
	before := allocated(t)
	do()
	after := allocated(t)
	for line, n := range before {
		if after[line] -= n; after[line] == 0 {
			delete(after, line)
		}
	}
	return after
}

// allocated is what was allocated in the process so far.
func allocated(t testing.TB) map[string]int64 {
	t.Helper()
	for range 2 { // the profile is of the last collection but one
		runtime.GC()
	}
	records := make([]runtime.MemProfileRecord, 1000)
	for {
		n, ok := runtime.MemProfile(records, true)
		if ok {
			records = records[:n]
			break
		}
		records = make([]runtime.MemProfileRecord, 2*n)
	}
	sums := map[string]int64{}
	for _, r := range records {
		if line, ok := asker(r.Stack()); ok {
			sums[line] += r.AllocObjects
		}
	}
	return sums
}

// asker is the line of ours that an allocation was made for; ok is false where that is somebody else's.
func asker(stack []uintptr) (line string, ok bool) {
	for frames := runtime.CallersFrames(stack); ; {
		f, more := frames.Next()
		first, _, _ := strings.Cut(f.Function, "/")
		switch {
		case strings.HasPrefix(f.Function, "rtcbench/internal/benchtest."):
			return "", false // this
		case first == "rtcbench":
			return fmt.Sprintf("%s:%d, in %s", filepath.Base(f.File), f.Line, f.Function), true
		case strings.Contains(f.Function, "/") && strings.Contains(first, "."), !more:
			return "", false
		}
	}
}
