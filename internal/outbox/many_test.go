package outbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// TestManyAtOnce: those that have room are on the disk, in order, and the error says why the next is not.
func TestManyAtOnce(t *testing.T) {
	var runs []*result.Document
	for range 40 {
		runs = append(runs, result.NewDocument(bench.NewRecord(benchtest.StoredRun(5, time.Now()))))
	}
	o := box(t)
	if n, others, err := o.PutAll(t.Context(), runs, []string{"x"}); n != len(runs) || len(others) > 0 || err != nil {
		t.Fatal(n, others, err)
	}
	x := &shelf{}
	if out := deliver(t, o, target("x", x)); out.Delivered != len(runs) || len(x.kept) != len(runs) {
		t.Errorf("%+v", out)
	}
	small := Open(filepath.Join(t.TempDir(), "outbox"), 60_000)
	n, _, err := small.PutAll(t.Context(), runs, []string{"x"})
	list, _ := small.Waiting()
	if !errors.Is(err, ErrFull) || n == 0 || n == len(runs) || len(list) != n || list[n-1].RunID != runs[n-1].ID {
		t.Errorf("%d are said to be there, %d are, %v", n, len(list), err)
	}
	if left, _ := filepath.Glob(filepath.Join(small.dir, unfinished+"*")); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// endsAfter is a context that somebody ends while it is looked at.
type endsAfter struct {
	context.Context
	looks int
}

func (e *endsAfter) Err() error {
	if e.looks--; e.looks < 0 {
		return context.Canceled
	}
	return nil
}

// TestNobodyWaitsForTheDisk: whoever stops an import does not wait until hundreds of files are on the disk.
func TestNobodyWaitsForTheDisk(t *testing.T) {
	var runs []*result.Document
	for range 40 {
		runs = append(runs, result.NewDocument(bench.NewRecord(benchtest.StoredRun(5, time.Now()))))
	}
	o := box(t)
	n, _, err := o.PutAll(&endsAfter{t.Context(), 7}, runs, []string{"x"})
	left, _ := filepath.Glob(filepath.Join(o.dir, "*.json"))
	more, _ := filepath.Glob(filepath.Join(o.dir, unfinished+"*"))
	if n != 0 || !errors.Is(err, context.Canceled) || len(left)+len(more) > 0 {
		t.Errorf("%d, %v; left are %v %v", n, err, left, more)
	}
}

// TestWhatIsNoFile is named and stands in no run's way.
func TestWhatIsNoFile(t *testing.T) {
	o := box(t)
	put(t, o, "x")
	odd := []string{"0000.json"}
	if err := os.Mkdir(filepath.Join(o.dir, "0000.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		odd = append(odd, "0001.json", "0002.json", "0003.json is a link to nothing")
		if err := pipe(filepath.Join(o.dir, "0001.json")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(os.DevNull, filepath.Join(o.dir, "0002.json")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("nowhere", filepath.Join(o.dir, "0003.json")); err != nil {
			t.Fatal(err)
		}
		if err := pipe(o.knownPath("00000000")); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := o.To([]Target{target("x", &shelf{})}, time.Second)
	defer c.Close()
	out, err := c.Deliver(ctx)
	if err != nil || out.Delivered != 1 || out.Waiting != 0 || len(out.Failures) != 0 || len(out.Odd) != len(odd) {
		t.Errorf("%+v, %v", out, err)
	}
	for i, name := range odd {
		if !strings.Contains(out.Odd[i], name) {
			t.Errorf("%q is not about %s", out.Odd[i], name)
		}
	}
	list, err := o.Waiting()
	if count(t, list, err) != len(odd) || list[0].RunID != "" ||
		!strings.Contains(list[0].Stores[""].Error, "a folder") {
		t.Errorf("%+v", list)
	}
	put(t, o, "x")
}

// TestTheFolderIsNone: a pipe or a file where the folder of what waits or of what was refused should be is named, and
// nobody waits for it.
func TestTheFolderIsNone(t *testing.T) {
	run := result.NewDocument(bench.NewRecord(benchtest.StoredRun(5, time.Now())))
	for _, sub := range []string{"", rejectedDir} {
		for what, place := range map[string]func(string) error{
			"a named pipe": pipe, "a file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
		} {
			if runtime.GOOS == "windows" && what != "a file" {
				continue
			}
			o := Open(filepath.Join(t.TempDir(), "box"), 1<<20)
			if sub != "" {
				put(t, o, "x")
			}
			if err := place(filepath.Join(o.dir, sub)); err != nil {
				t.Fatal(err)
			}
			if err := o.Put(run, []string{"x"}); err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%s at %q: %v", what, sub, err)
			}
		}
	}
}
