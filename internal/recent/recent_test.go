package recent

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
	"rtcbench/internal/store/sqlite"
)

var noon = time.Date(2026, 11, 26, 12, 30, 0, 0, time.UTC)

func now() time.Time { return noon }

func opened(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	result.Platforms = []string{"livekit", "daily"}
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// aRun ended some time in the last three days, or a little in the future.
func aRun(r *rand.Rand) bench.Run {
	ago := 74*time.Hour - time.Duration(r.Int64N(int64(75*time.Hour)))
	run := benchtest.StoredRun(3+r.IntN(20), noon.Add(-ago).Truncate(time.Microsecond))
	run.Location = fmt.Sprint("place-", r.IntN(4))
	run.Facts.Hidden = r.IntN(5) == 0 // which makes it invalid
	return run
}

// listed are digests, a line each, in one order.
func listed(t *testing.T, all iter.Seq2[bench.Digest, error]) (lines []string) {
	t.Helper()
	last := map[bench.Series]time.Time{}
	for d, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		if d.End.Before(last[d.Series]) {
			t.Errorf("%s comes after a run that ended later", d.ID)
		}
		last[d.Series] = d.End
		lines = append(lines, fmt.Sprintf("%+v", d))
	}
	slices.Sort(lines)
	return lines
}

// TestMemoryIsTheStore: whatever another process does to a store, each answer is what the store has at that moment:
// runs that come late, that are removed, that take the place of others; also where not all of a day has room.
func TestMemoryIsTheStore(t *testing.T) {
	for _, room := range []int{most, 20_000, 0} {
		path := filepath.Join(t.TempDir(), "runs.db")
		writer := opened(t, path)
		reader, err := sqlite.OpenToRead(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		m := New(now, nil)
		m.most = room
		random := rand.New(rand.NewPCG(1, uint64(room)))
		var ids []string
		queries := []bench.Query{{}, {Since: noon.Add(-24 * time.Hour)}, {Since: noon.Add(-60 * time.Hour)},
			{Until: noon.Add(-30 * time.Hour)}, {Location: "place-1", Since: noon.Add(-30 * time.Hour)},
			{Since: noon.Add(-20 * time.Hour), Until: noon.Add(-2 * time.Hour), Platform: "livekit"},
			{Location: "nowhere"}}
		for step := range 30 {
			if n := len(ids); n > 10 && random.IntN(3) == 0 {
				i := random.IntN(n)
				if there, err := writer.Remove(t.Context(), ids[i]); err != nil || !there {
					t.Fatal(there, err)
				}
				ids = slices.Delete(ids, i, i+1)
			} else {
				var list []bench.Record
				for range 1 + random.IntN(4) {
					run := aRun(random)
					list, ids = append(list, bench.NewRecord(run)), append(ids, run.ID)
				}
				if _, err := writer.SaveAll(t.Context(), list); err != nil {
					t.Fatal(err)
				}
			}
			q := queries[step%len(queries)]
			got, want := listed(t, m.Digests(t.Context(), reader, q)), listed(t, reader.Digests(t.Context(), q, nil))
			if !slices.Equal(got, want) {
				t.Fatalf("room for %d bytes, step %d, %+v: %d digests, the store has %d", room, step, q, len(got),
					len(want))
			}
		}
	}
}

// TestTold: each run that a store gets is told once, also one that comes late; what was there before is no news.
func TestTold(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "runs.db"))
	var told []string
	m := New(now, func(_ uint64, list []bench.Digest) {
		for _, d := range list {
			told = append(told, d.ID)
		}
	})
	random := rand.New(rand.NewPCG(1, 2))
	save := func(end time.Time) string {
		run := aRun(random)
		run.Start, run.End = end.Add(run.Start.Sub(run.End)), end
		if err := s.Save(t.Context(), bench.NewRecord(run)); err != nil {
			t.Fatal(err)
		}
		return run.ID
	}
	save(noon.Add(-time.Minute))
	var want []string
	for _, ago := range []time.Duration{2 * time.Minute, 5 * time.Hour, time.Minute, time.Second} {
		for range 2 {
			if err := m.Look(t.Context(), s, nil); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(told, want) {
			t.Errorf("%q were told, want %q", told, want)
		}
		want = append(want, save(noon.Add(-ago)))
	}
}

// damaged is a store whose marks cannot be read.
type damaged struct{ *sqlite.Store }

func (damaged) Marks(context.Context, time.Time) (map[int64]bench.Mark, error) {
	return nil, fmt.Errorf("it is damaged")
}

// TestWithoutMarks: what cannot be held is read from the store.
func TestWithoutMarks(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "runs.db"))
	random := rand.New(rand.NewPCG(1, 3))
	for range 5 {
		if err := s.Save(t.Context(), bench.NewRecord(aRun(random))); err != nil {
			t.Fatal(err)
		}
	}
	m := New(now, nil)
	for _, store := range []bench.Store{damaged{s}, struct{ bench.Store }{s}} {
		if n := len(listed(t, m.Digests(t.Context(), store, bench.Query{}))); n != 5 {
			t.Errorf("%T: %d digests", store, n)
		}
	}
}

// counting is a store that counts how often it is asked for all IDs of an hour.
type counting struct {
	*sqlite.Store
	ids atomic.Int32
}

func (c *counting) IDs(ctx context.Context, since, until time.Time) ([]string, error) {
	c.ids.Add(1)
	return c.Store.IDs(ctx, since, until)
}

// TestWhatComesAsUsual: runs that come in about the order of their ends are read without a look at all of their hour,
// and whatever else happens meanwhile is seen: runs that come late, that go, that take the place of others.
func TestWhatComesAsUsual(t *testing.T) {
	s := &counting{Store: opened(t, filepath.Join(t.TempDir(), "runs.db"))}
	m := New(now, nil)
	random := rand.New(rand.NewPCG(1, 4))
	var ids []string
	end := noon.Truncate(time.Hour)
	save := func(end time.Time) {
		run := aRun(random)
		run.Start, run.End = end.Add(run.Start.Sub(run.End)), end
		if err := s.Save(t.Context(), bench.NewRecord(run)); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, run.ID)
	}
	remove := func() {
		if there, err := s.Remove(t.Context(), ids[len(ids)-1]); err != nil || !there {
			t.Fatal(there, err)
		}
		ids = ids[:len(ids)-1]
	}
	for step := range 60 {
		before := s.ids.Load()
		usual := step < 10 || step%3 != 0
		switch {
		case usual:
			for range 1 + random.IntN(3) {
				end = end.Add(time.Duration(random.IntN(10_000)) * time.Millisecond)
				save(end.Add(-time.Duration(random.IntN(60)) * time.Second))
			}
		case step%2 == 0:
			remove()
			save(end) // with the key of that one
			save(end)
		case step%4 == 1:
			remove() // as many as come, and what comes is not among the latest
			save(noon.Truncate(time.Hour).Add(time.Duration(step) * time.Second))
		default:
			save(noon.Truncate(time.Hour).Add(time.Duration(step) * time.Second))
		}
		got := listed(t, m.Digests(t.Context(), s, bench.Query{}))
		if want := listed(t, s.Digests(t.Context(), bench.Query{}, nil)); !slices.Equal(got, want) {
			t.Fatalf("step %d: %d digests, the store has %d", step, len(got), len(want))
		}
		if n := s.ids.Load() - before; usual && end.Sub(noon.Truncate(time.Hour)) > lately && n > 0 {
			t.Errorf("step %d: the IDs of the hour were read %d times", step, n)
		}
	}
	if s.ids.Load() == 0 {
		t.Error("the IDs were never read")
	}
}

// held is a store that waits where its marks have been read.
type held struct {
	bench.Store
	marks     []bench.Mark // that are read one after the other
	read      int
	seen, may chan struct{}
}

func (h *held) Marks(context.Context, time.Time) (map[int64]bench.Mark, error) {
	m := h.marks[min(h.read, len(h.marks)-1)]
	if h.read++; h.read == 2 {
		close(h.seen)
		<-h.may
	}
	return map[int64]bench.Mark{noon.Unix() / 3600: m}, nil
}

func (h *held) IDs(context.Context, time.Time, time.Time) ([]string, error) { return nil, nil }

func (h *held) Digests(context.Context, bench.Query, func(string) bool) iter.Seq2[bench.Digest, error] {
	return func(func(bench.Digest, error) bool) {}
}

// TestALookThatWasBegunBefore is none for who comes while it goes on: what the store gets meanwhile is in what that one
// is given. All who come then have one look together, and who goes does not wait.
func TestALookThatWasBegunBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &held{marks: []bench.Mark{{}, {}, {Runs: 1, Of: 7}}, seen: make(chan struct{}), may: make(chan struct{})}
		m := New(now, nil)
		var all sync.WaitGroup
		look := func(ctx context.Context, want error) {
			all.Go(func() {
				if err := m.Look(ctx, s, nil); !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
			})
		}
		for range 2 {
			look(t.Context(), nil)
			synctest.Wait()
		}
		<-s.seen // the second look goes on, and has read the marks of before
		for range 8 {
			look(t.Context(), nil)
		}
		gone, leave := context.WithCancel(t.Context())
		look(gone, context.Canceled)
		synctest.Wait()
		leave()
		synctest.Wait()
		close(s.may)
		all.Wait()
		v, _ := m.View(s)
		if h := v.hours[noon.Unix()/3600]; h == nil || h.mark.Of != 7 {
			t.Errorf("what came meanwhile is not held: %+v", h)
		}
		if s.read != 3 {
			t.Errorf("the store was looked at %d times, want 3", s.read)
		}
	})
}
