package outbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// TestAnotherRunOfAnIDThatWaits: it does not take the place of the one that waits, and who puts it is told. The same
// run again waits once.
func TestAnotherRunOfAnIDThatWaits(t *testing.T) {
	o := box(t)
	first := put(t, o, "x")
	other, third := benchtest.StoredRun(7, time.Now()), benchtest.StoredRun(3, time.Now())
	other.ID = first.ID
	documents := func(runs ...bench.Run) (list []*result.Document) {
		for _, r := range runs {
			list = append(list, result.NewDocument(bench.NewRecord(r)))
		}
		return list
	}
	twice := third
	twice.Location = "elsewhere"
	n, others, err := o.PutAll(t.Context(), documents(other, third, first, twice), []string{"x"})
	if n != 4 || len(others) != 2 || others[0] == nil || others[3] == nil || err != nil {
		t.Fatalf("%d, %v, %v", n, others, err)
	}
	for i, want := range map[int]string{0: "another run of this ID waits in " + o.dir + " for x (", 3: `"elsewhere"`} {
		if !strings.Contains(others[i].Error(), want) {
			t.Errorf("%v; want %s", others[i], want)
		}
	}
	if err := o.Put(documents(other)[0], []string{"x"}); !errors.Is(err, bench.ErrRejected) {
		t.Errorf("put alone: %v", err)
	}
	got := map[string]int{}
	x := &shelf{fail: func(r bench.Run) error { got[r.ID] = r.Counts.Sent; return nil }}
	deliver(t, o, target("x", x))
	if len(got) != 2 || got[first.ID] != first.Counts.Sent || got[third.ID] != third.Counts.Sent {
		t.Errorf("%v were delivered", got)
	}
}

// TestRejectedRunsOfOneID: each run that a store refuses lies in rejected with a name of its own, whichever ID it has;
// one that is refused a second time lies there once. A damaged file replaces none of its name either.
func TestRejectedRunsOfOneID(t *testing.T) {
	o := box(t)
	tries := 0 // what stands in the file has another length each time
	into := target("x", &shelf{fail: func(bench.Run) error {
		tries++
		return fmt.Errorf("%w%s", bench.ErrRejected, strings.Repeat("!", tries))
	}})
	run := benchtest.StoredRun(5, time.Now())
	for _, location := range []string{"fra", "iad", "sin", "sin"} {
		run.Location = location
		if err := o.Put(result.NewDocument(bench.NewRecord(run)), []string{"x"}); err != nil {
			t.Fatal(err)
		}
		deliver(t, o, into)
	}
	items, _, _, err := list(o.rejected())
	var found []string
	for _, i := range items {
		d, err := read(i.path)
		if err != nil || i.run != run.ID {
			t.Fatal(i, err)
		}
		found = append(found, d.record().Run.Location)
	}
	slices.Sort(found)
	if err != nil || !slices.Equal(found, []string{"fra", "iad", "sin"}) {
		t.Errorf("rejected has %v, %v", found, err)
	}
	for _, text := range []string{"{1", "{2", "{3"} {
		path := filepath.Join(o.dir, "0000.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		deliver(t, again(o), into)
	}
	if damaged, _ := filepath.Glob(filepath.Join(o.rejected(), "0000*.json")); len(damaged) != 3 {
		t.Errorf("of three damaged files there are %v", damaged)
	}
}
