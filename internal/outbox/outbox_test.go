package outbox

import (
	"context"
	"errors"
	"fmt"
	"iter"
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

// shelf is a store that does as it is told.
type shelf struct {
	fail  func(bench.Run) error
	kept  []string // run IDs, in the order of their first arrival
	calls int
	wait  bool // until ctx ends
}

func (s *shelf) Save(ctx context.Context, r bench.Record) error {
	s.calls++
	if s.wait {
		<-ctx.Done()
		return ctx.Err()
	}
	if s.fail != nil {
		if err := s.fail(r.Run); err != nil {
			return err
		}
	}
	if !slices.Contains(s.kept, r.ID) {
		s.kept = append(s.kept, r.ID)
	}
	return nil
}

func (s *shelf) Runs(context.Context, bench.Query) iter.Seq2[bench.Run, error] { return nil }
func (s *shelf) Close() error                                                  { return nil }
func (s *shelf) String() string                                                { return "shelf" }

func target(name string, s bench.Store) Target {
	return Target{Name: name, Open: func(context.Context) (bench.Store, error) { return s, nil }}
}

func put(t *testing.T, o *Outbox, stores ...string) bench.Run {
	t.Helper()
	r := benchtest.StoredRun(5, time.Now())
	if err := o.Put(result.NewDocument(bench.NewRecord(r)), stores); err != nil {
		t.Fatal(err)
	}
	return r
}

func deliver(t *testing.T, o *Outbox, targets ...Target) Outcome {
	t.Helper()
	c := o.To(targets, 15*time.Second)
	defer c.Close()
	out, err := c.Deliver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func count(t *testing.T, list []Entry, err error) int {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestStoreThatIsAway: the run waits, the other store has it, and the next delivery brings it once.
func TestStoreThatIsAway(t *testing.T) {
	for what, fail := range map[string]error{
		"down": errors.New("connection refused"), "throttled": errors.New("429 Too Many Requests"),
		"broken": errors.New("500"),
	} {
		t.Run(what, func(t *testing.T) {
			o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
			up, away := &shelf{}, &shelf{fail: func(bench.Run) error { return fail }}
			var want []string
			for range 3 {
				want = append(want, put(t, o, "up", "away").ID)
			}
			out := deliver(t, o, target("up", up), target("away", away))
			if out.Waiting != 3 || out.Delivered != 0 || len(out.Failures) != 3 || out.Failures[0].Final {
				t.Errorf("%+v", out)
			}
			if away.calls != 1 {
				t.Errorf("a store that is away was asked %d times", away.calls)
			}
			list, _ := o.Waiting()
			if w := list[0].Stores["away"]; len(list[0].Stores) != 1 || w.Error != fail.Error() || w.Tries != 1 {
				t.Errorf("%+v", list[0].Stores)
			}
			away.fail = nil
			out = deliver(t, o, target("up", up), target("away", away))
			slices.Sort(away.kept) // they begin with their time
			if out.Delivered != 3 || !slices.Equal(away.kept, want) || up.calls != 3 {
				t.Errorf("%+v, kept %v of %v, the other store was asked %d times", out, away.kept, want, up.calls)
			}
			list, err := o.Waiting()
			if n := count(t, list, err); n != 0 {
				t.Errorf("%d still wait", n)
			}
		})
	}
}

// TestARunThatIsPutAgain waits once, for all stores that it was ever put for, and what happened so far is known.
func TestARunThatIsPutAgain(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	r := benchtest.StoredRun(5, time.Now())
	d := result.NewDocument(bench.NewRecord(r))
	away := &shelf{fail: func(bench.Run) error { return errors.New("away") }}
	for n, stores := range [][]string{{"x"}, {"x"}, {"x", "y"}, {"x", "y"}} {
		if err := o.Put(d, stores); err != nil {
			t.Fatal(err)
		}
		if out := deliver(t, o, target("x", away), target("y", away)); out.Waiting != 1 {
			t.Errorf("put %d times: %+v", n+1, out)
		}
		list, err := o.Waiting()
		if count(t, list, err) != 1 || !slices.Equal(list[0].Names(), stores) || list[0].Stores["x"].Tries != n+1 {
			t.Fatalf("put %d times: %+v", n+1, list)
		}
	}
	if err := o.Put(d, []string{"z"}); err != nil { // it does not wait for x and y
		t.Fatal(err)
	}
	up := []*shelf{{}, {}, {}}
	out := deliver(t, o, target("x", up[0]), target("y", up[1]), target("z", up[2]))
	for i, s := range up {
		if !slices.Equal(s.kept, []string{r.ID}) {
			t.Errorf("store %d has %v: %+v", i, s.kept, out)
		}
	}
	list, err := o.Waiting()
	if n := count(t, list, err); n != 0 {
		t.Errorf("%d still wait", n)
	}
}

// TestStoreThatSaysNever: the run is put aside with the reason, holds nothing up, and can be tried again.
func TestStoreThatSaysNever(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	bad := put(t, o, "picky", "up")
	good := put(t, o, "picky", "up")
	reason := fmt.Errorf("%w: older than its retention of 24h", bench.ErrRejected)
	picky, up := &shelf{fail: func(r bench.Run) error {
		if r.ID == bad.ID {
			return reason
		}
		return nil
	}}, &shelf{}
	out := deliver(t, o, target("picky", picky), target("up", up))
	if out.Delivered != 1 || out.Waiting != 0 || len(out.Failures) != 1 || !out.Failures[0].Final ||
		!slices.Equal(picky.kept, []string{good.ID}) || len(up.kept) != 2 {
		t.Errorf("%+v; kept %v and %v", out, picky.kept, up.kept)
	}
	list, err := o.Rejected()
	if count(t, list, err) != 1 || list[0].RunID != bad.ID ||
		!strings.Contains(list[0].Stores["picky"].Error, "retention") {
		t.Fatalf("%+v", list)
	}
	picky.fail = nil
	if n, err := o.Retry(); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if out := deliver(t, o, target("picky", picky), target("up", up)); out.Delivered != 1 || len(picky.kept) != 2 {
		t.Errorf("%+v", out)
	}
	list, err = o.Rejected()
	if n := count(t, list, err); n != 0 {
		t.Errorf("%d are still rejected", n)
	}
}

func TestStoreThatIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
		first := put(t, o, "slow", "up")
		put(t, o, "slow", "up")
		slow, up := &shelf{wait: true}, &shelf{}
		began := time.Now()
		out := deliver(t, o, target("slow", slow), target("up", up))
		if d := time.Since(began); d != 15*time.Second || out.Waiting != 2 || len(up.kept) != 2 {
			t.Errorf("took %v, %+v", d, out)
		}
		if !strings.Contains(out.Failures[0].Err.Error(), "it did not answer within 15s") ||
			out.Failures[0].RunID != first.ID {
			t.Errorf("%+v", out.Failures)
		}
	})
}

func TestStoreThatCannotBeOpened(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	put(t, o, "x")
	put(t, o, "x")
	tries := 0
	out := deliver(t, o, Target{Name: "x", Open: func(context.Context) (bench.Store, error) {
		tries++
		return nil, errors.New("the file is damaged")
	}})
	if out.Waiting != 2 || tries != 1 || len(out.Failures) != 2 {
		t.Errorf("%+v after %d tries", out, tries)
	}
}

// TestNewestRunFirst: what was just measured does not wait behind a backlog.
func TestNewestRunFirst(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	put(t, o, "x")
	put(t, o, "x")
	last, also := put(t, o, "x"), put(t, o, "x") // of both
	x := &shelf{}
	c := o.To([]Target{target("x", x)}, time.Second)
	defer c.Close()
	if _, err := c.Deliver(t.Context(), also.ID, last.ID); err != nil || len(x.kept) != 4 ||
		!slices.Equal(x.kept[:2], []string{last.ID, also.ID}) {
		t.Errorf("%v, %v", x.kept, err)
	}
}

func TestFullOutboxRefuses(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 20_000)
	var err error
	n := 0
	for ; err == nil && n < 100; n++ {
		err = o.Put(result.NewDocument(bench.NewRecord(benchtest.StoredRun(5, time.Now()))), []string{"x"})
	}
	list, listErr := o.Waiting()
	if !errors.Is(err, ErrFull) || strings.Contains(err.Error(), "rtcbench store") || count(t, list, listErr) != n-1 ||
		n < 3 {
		t.Errorf("after %d runs %v; %d wait", n, err, len(list))
	}
	// What a store will never take stands in nobody's way.
	deliver(t, o, target("x", &shelf{fail: func(bench.Run) error { return bench.ErrRejected }}))
	if err := o.Put(result.NewDocument(bench.NewRecord(benchtest.StoredRun(5, time.Now()))),
		[]string{"x"}); err != nil {
		t.Error(err)
	}
}

// TestStoreThatIsNotConfiguredAnyMore: its runs wait, and say for whom.
func TestStoreThatIsNotConfiguredAnyMore(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	put(t, o, "old", "new")
	out := deliver(t, o, target("new", &shelf{}))
	list, err := o.Waiting()
	if out.Waiting != 1 || count(t, list, err) != 1 || !slices.Equal(list[0].Names(), []string{"old"}) ||
		!slices.Equal(out.Off, []string{"old"}) {
		t.Errorf("%+v, %+v", out, list)
	}
}

// TestDamagedEntry: it is named once and put aside as it is, and the others are delivered.
func TestDamagedEntry(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	put(t, o, "x")
	path := filepath.Join(o.Dir(), "0000.json")
	if err := os.WriteFile(path, []byte(`{"outbox":1,"sto`), 0o600); err != nil {
		t.Fatal(err)
	}
	out := deliver(t, o, target("x", &shelf{}))
	if out.Delivered != 1 || len(out.Failures) != 1 || !strings.Contains(out.Failures[0].Err.Error(), path) {
		t.Errorf("%+v", out)
	}
	if text, err := os.ReadFile(filepath.Join(o.Dir(), "rejected", "0000.json")); err != nil ||
		string(text) != `{"outbox":1,"sto` {
		t.Errorf("%q, %v", text, err)
	}
	if n, err := o.Retry(); n != 0 || err != nil {
		t.Errorf("retried %d, %v", n, err)
	}
	put(t, o, "x")
	if out := deliver(t, o, target("x", &shelf{})); out.Delivered != 1 || len(out.Failures) != 0 {
		t.Errorf("the next run suffers from it: %+v", out)
	}
}

// TestEntryThatCannotBeReadNow: what the system says of a file, as that too many are open, may pass; the run goes on
// waiting.
func TestEntryThatCannotBeReadNow(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	put(t, o, "x")
	path := filepath.Join(o.Dir(), "0000.json")
	if err := os.Symlink("0000.json", path); err != nil { // a link to itself: ELOOP, also for root
		t.Fatal(err)
	}
	out := deliver(t, o, target("x", &shelf{}))
	if out.Delivered != 1 || out.Waiting != 1 || len(out.Failures) != 1 || out.Failures[0].Final ||
		!strings.Contains(out.Failures[0].Err.Error(), path) {
		t.Errorf("%+v", out)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// TestEntryOfANewerVersion: it waits for the rtcbench that knows it.
func TestEntryOfANewerVersion(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	put(t, o, "x")
	path := filepath.Join(o.Dir(), "0000.json")
	if err := os.WriteFile(path, []byte(`{"outbox":3}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := deliver(t, o, target("x", &shelf{})); out.Delivered != 1 || len(out.Failures) != 1 ||
		!strings.Contains(out.Failures[0].Err.Error(), "newer") {
		t.Errorf("%+v", out)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// TestRetryDuringADelivery: while one process delivers a run to its last store, another lets what a second store had
// refused wait again. The first must not take that with it.
func TestRetryDuringADelivery(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	r := put(t, o, "picky", "slow")
	picky := &shelf{fail: func(bench.Run) error { return bench.ErrRejected }}
	deliver(t, o, target("picky", picky), target("slow", &shelf{fail: func(bench.Run) error {
		return errors.New("down")
	}}))
	deliver(t, o, target("slow", &shelf{fail: func(bench.Run) error {
		if n, err := o.Retry(); n != 1 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		return nil
	}}))
	picky.fail = nil
	if out := deliver(t, o, target("picky", picky)); out.Delivered != 1 || !slices.Equal(picky.kept, []string{r.ID}) {
		t.Errorf("%+v; the store has %v", out, picky.kept)
	}
}

func (*impatient) Save(ctx context.Context, _ bench.Record) error {
	<-ctx.Done()
	return fmt.Errorf("%w (the last try: connection refused)", ctx.Err())
}

func TestSamplesWaitExactly(t *testing.T) {
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	want := put(t, o, "x")
	var got bench.Run
	deliver(t, o, target("x", &shelf{fail: func(r bench.Run) error { got = r; return nil }}))
	if !slices.Equal(got.Samples, want.Samples) {
		t.Errorf("%+v became %+v", want.Samples, got.Samples)
	}
}

func BenchmarkOutbox(b *testing.B) {
	o := Open(filepath.Join(b.TempDir(), "outbox"), 1<<30)
	r := benchtest.StoredRun(100, time.Now())
	c := o.To([]Target{target("x", &shelf{})}, time.Second)
	defer c.Close()
	for b.Loop() {
		if err := o.Put(result.NewDocument(bench.NewRecord(r)), []string{"x"}); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Deliver(b.Context(), r.ID); err != nil {
			b.Fatal(err)
		}
	}
}
