package outbox

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// TestRunThatAStoreCannotDigest: it fails whenever it is offered, as if the store were down; the others come through.
func TestRunThatAStoreCannotDigest(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	bad := put(t, o, "x")
	put(t, o, "x")
	put(t, o, "x")
	x := &shelf{fail: func(r bench.Run) error {
		if r.ID == bad.ID {
			return errors.New("500")
		}
		return nil
	}}
	for range 2 {
		deliver(t, o, target("x", x))
	}
	list, err := o.Waiting()
	if count(t, list, err) != 1 || list[0].RunID != bad.ID || list[0].Stores["x"].Tries != 2 || len(x.kept) != 2 {
		t.Errorf("%d wait, %d came through", len(list), len(x.kept))
	}
}

// TestOutboxThatCannotBeChanged: every store is asked all the same, and what it said is told.
func TestOutboxThatCannotBeChanged(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	put(t, o, "away", "up")
	put(t, o, "away", "up")
	if err := os.WriteFile(filepath.Join(o.Dir(), "rejected"), nil, 0o600); err != nil { // where a folder should be
		t.Fatal(err)
	}
	up := &shelf{}
	c := o.To([]Target{target("away", &shelf{fail: func(bench.Run) error { return bench.ErrRejected }}),
		target("up", up)}, time.Second)
	defer c.Close()
	out, err := c.Deliver(t.Context())
	unnoted := slices.ContainsFunc(out.Failures, func(f Failure) bool { return f.Unnoted })
	if err != nil || !unnoted || out.Waiting != 2 || len(out.Failures) != 4 || len(up.kept) != 2 {
		t.Errorf("%v, %+v; the other store has %d", err, out, len(up.kept))
	}
	list, err := o.Waiting()
	if count(t, list, err) != 2 {
		t.Errorf("%d wait", len(list))
	}
}

// TestLongOutage: what thousands of runs hold is not in memory at once, and the files of those that no store can take
// now are not even read.
func TestLongOutage(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<30)
	const runs = 200
	for range runs {
		if err := o.Put(result.NewDocument(bench.NewRecord(benchtest.StoredRun(500, time.Now()))),
			[]string{"x"}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := o.Waiting()
	if count(t, list, err) != runs {
		t.Fatalf("%d wait", len(list))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	list, _ = o.Waiting()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > runs*4<<10 {
		t.Errorf("%d waiting runs take %d bytes of memory; their files %d", runs, kept, int64(len(list))*list[0].Size)
	}
	out := deliver(t, o, target("x", &shelf{fail: func(bench.Run) error { return errors.New("down") }}))
	if out.Waiting != runs || len(out.Failures) != runs {
		t.Errorf("%d wait with %d reasons", out.Waiting, len(out.Failures))
	}
	runtime.KeepAlive(list)
}

// TestReasonOfATimeout: that a store did not answer in time is not all that is known.
func TestReasonOfATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
		put(t, o, "x")
		out := deliver(t, o, target("x", &impatient{}))
		if text := out.Failures[0].Err.Error(); !strings.Contains(text, "it did not answer within 15s") ||
			!strings.Contains(text, "connection refused") {
			t.Error(text)
		}
	})
}

// impatient tries until ctx ends, and then says how its last try went.
type impatient struct{ shelf }

// TestWhatKilledProcessesLeft takes no room for ever.
func TestWhatKilledProcessesLeft(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 20_000)
	put(t, o, "x")
	for name, age := range map[string]time.Duration{".new-1": 2 * time.Hour, ".new-2": 0} {
		path := filepath.Join(o.Dir(), name)
		if err := os.WriteFile(path, make([]byte, 30_000), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, o, "x")
	if left, _ := filepath.Glob(filepath.Join(o.Dir(), ".new-*")); len(left) != 1 ||
		filepath.Base(left[0]) != ".new-2" {
		t.Errorf("left are %v", left)
	}
}
