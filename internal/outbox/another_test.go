package outbox

import (
	"errors"
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
