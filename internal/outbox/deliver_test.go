package outbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

func box(t *testing.T) *Outbox {
	t.Helper()
	return Open(filepath.Join(t.TempDir(), "outbox"), 64<<20)
}

// failsAt fails at some runs, as a server with a 500 does.
func failsAt(ids ...string) func(bench.Run) error {
	return func(r bench.Run) error {
		if slices.Contains(ids, r.ID) {
			return fmt.Errorf("%w: answer 500", bench.ErrFailed)
		}
		return nil
	}
}

// TestNoFileIsOpenedForAStoreThatIsAway: the files of all runs but one hold nothing that can be read, and nobody
// notices.
func TestNoFileIsOpenedForAStoreThatIsAway(t *testing.T) {
	o := box(t)
	const many = 300
	for range many {
		put(t, o, "x")
	}
	items, _, _, err := list(o.dir)
	if err != nil || len(items) != many {
		t.Fatal(len(items), err)
	}
	for _, i := range items {
		if err := os.WriteFile(i.path, []byte("nothing"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mine := put(t, o, "x", "up")
	c := o.To([]Target{target("x", &shelf{fail: func(bench.Run) error { return errors.New("down") }}),
		target("up", &shelf{})}, time.Second)
	defer c.Close()
	out, err := c.Deliver(t.Context(), mine.ID)
	if err != nil || out.Waiting != many+1 || len(out.Failures) != many+1 || out.Failures[0].RunID != mine.ID {
		t.Fatalf("%d wait, %d failures, %v", out.Waiting, len(out.Failures), err)
	}
	for _, f := range out.Failures {
		if f.Final || f.Store != "x" || f.Err.Error() != "down" || f.RunID == "" {
			t.Fatalf("%+v: a file was opened", f)
		}
	}
	if n, err := o.Count(); n != many+1 || err != nil {
		t.Errorf("%d wait, %v", n, err)
	}
}

// TestAStoreFailsAtOneRun: the rest is delivered, in one delivery, however many it fails at; that run goes to rejected
// after enough tries over a long time, and no sooner.
func TestAStoreFailsAtOneRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := box(t)
		bad := put(t, o, "x", "up")
		var good []string
		for range 5 {
			good = append(good, put(t, o, "x", "up").ID)
		}
		x, up := &shelf{fail: failsAt(bad.ID)}, &shelf{}
		out := deliver(t, o, target("x", x), target("up", up))
		if out.Delivered != 5 || out.Waiting != 1 || !slices.Equal(x.kept, good) || len(up.kept) != 6 {
			t.Fatalf("%+v; it has %v", out, x.kept)
		}
		for try := range 3 * maxFaults {
			time.Sleep(time.Hour)
			next := put(t, o, "x")
			c := o.To([]Target{target("x", x)}, time.Second)
			out, err := c.Deliver(t.Context(), next.ID)
			if err := errors.Join(err, c.Close()); err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(x.kept, next.ID) {
				t.Fatalf("%+v: the next run is not taken", out)
			}
			if out.Waiting == 0 {
				f := out.Failures[0]
				if after := time.Duration(try) * time.Hour; after < faultTime || after > faultTime+time.Hour {
					t.Errorf("given up after %v", after)
				}
				if !f.Final || f.RunID != bad.ID || !strings.Contains(f.Err.Error(), "and took others: ") ||
					!strings.Contains(f.Err.Error(), "500") {
					t.Errorf("%+v", f)
				}
				break
			}
		}
		list, err := o.Rejected()
		if count(t, list, err) != 1 || list[0].RunID != bad.ID {
			t.Errorf("rejected are %+v", list)
		}
		if n, _ := o.Count(); n != 0 {
			t.Errorf("%d wait", n)
		}
	})
}

// TestAStoreThatFailsAtEveryRun is asked a few times and not for each run, and no run counts as refused however long it
// lasts.
func TestAStoreThatFailsAtEveryRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := box(t)
		for range 3 * maxInRow {
			put(t, o, "x")
		}
		x := &shelf{fail: func(bench.Run) error { return bench.ErrFailed }}
		for range 2 * maxFaults {
			time.Sleep(24 * time.Hour)
			x.calls = 0
			if out := deliver(t, o, target("x", x)); out.Waiting != 3*maxInRow || x.calls != maxInRow {
				t.Fatalf("%d wait after %d tries", out.Waiting, x.calls)
			}
		}
	})
}

// TestFilesOfAnOlderVersion wait and are delivered as any, and get a name that says for whom they wait.
func TestFilesOfAnOlderVersion(t *testing.T) {
	o := box(t)
	first := put(t, o, "x") // makes the folder
	r := benchtest.StoredRun(5, time.Now())
	f, err := result.New(bench.NewRecord(r))
	if err != nil {
		t.Fatal(err)
	}
	old := struct {
		Version int             `json:"outbox"`
		Stores  map[string]Wait `json:"stores"`
		Run     result.File     `json:"run"`
	}{1, map[string]Wait{"x": {Tries: 2, Error: "down"}, "y": {}}, f}
	data, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{r.ID, r.ID + "_0123abcd_0123456789abcdef"} { // the second was refused and retried
		if err := os.WriteFile(filepath.Join(o.dir, name+".json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	waiting, err := o.Waiting()
	if count(t, waiting, err) != 3 || waiting[2].RunID != r.ID || waiting[2].Ended != f.Metadata.EndTime ||
		waiting[2].Stores["x"].Tries != 2 {
		t.Errorf("%+v", waiting)
	}
	deliver(t, o, target("x", &shelf{fail: func(bench.Run) error { return errors.New("down") }}))
	items, _, _, err := list(o.dir)
	odd := func(i item) bool { return i.tags == "" || i.run != r.ID && i.run != first.ID }
	if err != nil || len(items) != 3 || slices.ContainsFunc(items, odd) {
		t.Errorf("%+v, %v", items, err)
	}
	x, y := &shelf{}, &shelf{}
	out := deliver(t, o, target("x", x), target("y", y))
	if out.Delivered != 3 || len(x.kept) != 2 || !slices.Equal(y.kept, []string{r.ID}) {
		t.Errorf("%+v: %v, %v", out, x.kept, y.kept)
	}
}

// TestWhatWasPutIsNotReadAgain: the process that has put a run hands it to the stores as it is. What it could not hand
// over is read from the disk the next time.
func TestWhatWasPutIsNotReadAgain(t *testing.T) {
	o := box(t)
	x := &shelf{}
	spoil := func() {
		t.Helper()
		items, _, _, err := list(o.dir)
		if err != nil || len(items) != 1 {
			t.Fatal(items, err)
		}
		if err := os.WriteFile(items[0].path, []byte("spoilt"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := put(t, o, "x")
	spoil()
	if out := deliver(t, o, target("x", x)); out.Delivered != 1 || !slices.Equal(x.kept, []string{r.ID}) {
		t.Errorf("%+v, kept %v", out, x.kept)
	}
	put(t, o, "x")
	if out := deliver(t, o, target("y", &shelf{})); out.Waiting != 1 {
		t.Errorf("%+v", out)
	}
	spoil()
	if out := deliver(t, o, target("x", x)); out.Delivered != 0 || len(out.Failures) != 1 || !out.Failures[0].Final {
		t.Errorf("%+v", out)
	}
}

// likes makes a target to which the names given are like.
func likes(name string, s bench.Store, others map[string]bench.Likeness) Target {
	t := target(name, s)
	t.Like = func(n string) bench.Likeness { return others[n] }
	return t
}

// TestNamesThatAreCorrected: what waits goes to the store that was meant, and to no other.
func TestNamesThatAreCorrected(t *testing.T) {
	away := &shelf{fail: func(bench.Run) error { return errors.New("down") }}
	for name, c := range map[string]struct {
		before    func(o *Outbox)
		like      bench.Likeness
		readdress bool
		goes      bool
	}{
		"another store":    {like: bench.Another},
		"another spelling": {like: bench.Same, goes: true},
		"another spelling, and it took runs": {like: bench.Same, goes: true, before: func(o *Outbox) {
			o.took("db:old")
		}},
		"a name that never took a run": {like: bench.Near, goes: true},
		"a name that took a run":       {like: bench.Near, before: func(o *Outbox) { o.took("db:old") }},
		"a mistake between two right commands": {like: bench.Near, goes: true, before: func(o *Outbox) {
			o.use([]string{"db:new"})
		}},
		"two stores in use by turns": {like: bench.Near, before: func(o *Outbox) {
			o.use([]string{"db:old"})
			time.Sleep(time.Second)
			o.use([]string{"db:new"})
			time.Sleep(time.Second)
		}},
		"another kind in use": {like: bench.Near, goes: true, before: func(o *Outbox) {
			o.use([]string{"db:old"})
			time.Sleep(1)
			o.use([]string{"file:x"})
			time.Sleep(1)
		}},
		"the user says so": {like: bench.Another, readdress: true, goes: true},
		"the user says so of a real one": {like: bench.Near, readdress: true, goes: true, before: func(o *Outbox) {
			o.took("db:old")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := box(t)
				if c.before != nil {
					c.before(o)
				}
				r := put(t, o, "db:old")
				deliver(t, o, target("db:old", away))
				time.Sleep(time.Minute)
				meant, other := &shelf{}, &shelf{}
				courier := o.To([]Target{likes("db:new", meant, map[string]bench.Likeness{"db:old": c.like}),
					target("db:other", other)}, time.Second)
				if c.readdress {
					courier.Readdress("db:old", "db:new")
				}
				out, err := courier.Deliver(t.Context())
				if err := errors.Join(err, courier.Close()); err != nil {
					t.Fatal(err)
				}
				if goes := slices.Equal(meant.kept, []string{r.ID}); goes != c.goes || len(other.kept) > 0 ||
					(out.Waiting == 0) != c.goes || (len(out.Off) == 0) != c.goes {
					t.Errorf("%+v: it has %v", out, meant.kept)
				}
				if told := out.Corrected["db:old"] == "db:new"; told != (c.goes && c.like == bench.Near &&
					!c.readdress) {
					t.Errorf("corrected: %v", out.Corrected)
				}
			})
		})
	}
	o := box(t) // two that may be meant: neither gets it
	put(t, o, "db:old")
	a, b := &shelf{}, &shelf{}
	out := deliver(t, o, likes("db:a", a, map[string]bench.Likeness{"db:old": bench.Near}),
		likes("db:b", b, map[string]bench.Likeness{"db:old": bench.Near}))
	if out.Waiting != 1 || a.calls+b.calls != 0 {
		t.Errorf("%+v", out)
	}
}
