package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// filled makes a store of n runs, of which the last ended at end, and gives the bytes of its file.
func filled(t *testing.T, n int, end time.Time) ([]byte, []bench.Run) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "runs.db")
	s := opened(t, path)
	var runs []bench.Run
	for i := range n {
		runs = append(runs,
			benchtest.StoredRun(100, end.Add(time.Duration(i+1-n)*time.Minute).Truncate(time.Microsecond)))
	}
	if _, err := s.SaveAll(t.Context(), benchtest.Records(runs...)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data, runs
}

func written(t *testing.T, data []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "runs.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// read gives the IDs of the runs that can be read, and how many errors there were.
func read(ctx context.Context, s *Store, q bench.Query) (ids map[string]bool, errs []error) {
	ids = map[string]bool{}
	for r, err := range s.Runs(ctx, q) {
		if err != nil {
			errs = append(errs, err)
		} else {
			ids[r.ID] = true
		}
	}
	return ids, errs
}

// A store of which pages are lost is set aside, a new one takes the run, both are said, and the old one gives what can
// be read of it.
func TestADamagedStoreIsSetAside(t *testing.T) {
	data, runs := filled(t, 50, time.Now().Add(-48*time.Hour)) // it is looked through today, then
	for at := 20 * 4096; at < 30*4096; at++ {
		data[at] = 0xA5
	}
	path := written(t, data)
	var said []string
	s, err := Options{Say: func(line string) { said = append(said, line) }}.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	run := benchtest.StoredRun(5, time.Now())
	if err := s.Save(t.Context(), bench.NewRecord(run)); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	aside, _ := filepath.Glob(path + ".damaged-*Z")
	if len(aside) != 1 || len(said) != 2 || !strings.Contains(said[0], "set aside as "+aside[0]) ||
		!strings.Contains(said[1], "a new store was begun at "+path) {
		t.Fatalf("beside it lies %v, said was %q", aside, said)
	}
	if got, errs := read(t.Context(), s, bench.Query{Samples: true}); !got[run.ID] || len(errs) > 0 {
		t.Errorf("the new store has %v, %v", got, errs)
	}
	old, err := OpenToRead(t.Context(), aside[0])
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	got, errs := read(t.Context(), old, bench.Query{Samples: true})
	if len(got) < 30 || len(got) >= len(runs)+1 || len(errs) == 0 {
		t.Errorf("of %d runs %d can be read of the damaged one, with %d errors", len(runs), len(got), len(errs))
	}
	if sums, err := old.Aggregate(t.Context(), bench.Query{}); err != nil || len(sums) != 1 {
		t.Errorf("sums of a damaged store: %v, %v", sums, err)
	}
	if err := old.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("checked: %v", err)
	}
}

// What cannot be told apart from somebody else's file is left alone, unless it lies where only a store of ours does.
func TestWhatIsSetAside(t *testing.T) {
	sound, _ := filled(t, 3, time.Now())
	change := func(at int, to ...byte) []byte {
		return append(append(bytes.Clone(sound[:at]), to...), sound[at+len(to):]...)
	}
	for name, c := range map[string]struct {
		data   []byte
		always bool // also at a place that is not rtcbench's own
	}{
		"no header":          {change(0, make([]byte, 100)...), false},
		"a text":             {bytes.Repeat([]byte("this is not a database "), 300), false},
		"the first 16 bytes": {change(0, []byte("0123456789abcdef")...), true},
		"user_version -2":    {change(60, 0xff, 0xff, 0xff, 0xfe), true},
		"user_version 0":     {change(60, 0, 0, 0, 0), true},
		"application_id":     {change(68, 0x73), true},
		"schema format 9":    {change(44, 0, 0, 0, 9), true},
		"cut off":            {sound[:len(sound)/2+100], true},
		"a column's name":    {bytes.Replace(sound, []byte("histogram BLOB"), []byte("histograM BLOB"), 1), true},
	} {
		for _, own := range []bool{false, true} {
			path := written(t, c.data)
			s, err := Options{Own: own}.Open(t.Context(), path)
			if err == nil {
				err = s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(5, time.Now())))
				s.Close()
			}
			aside, _ := filepath.Glob(path + ".damaged-*Z")
			after, _ := os.ReadFile(path)
			switch {
			case own || c.always:
				if kept, _ := os.ReadFile(strings.Join(aside, "")); err != nil || !bytes.Equal(kept, c.data) &&
					name != "a column's name" {
					t.Errorf("%s, own %v: %v, beside it %v", name, own, err, aside)
				}
			case err == nil || len(aside) > 0 || !bytes.Equal(after, c.data) ||
				!strings.Contains(err.Error(), "move it away"):
				t.Errorf("%s, own %v: %v, beside it %v", name, own, err, aside)
			}
		}
	}
}

// harmed are files of every kind of damage: bits flipped here and there, in the header, in pages; pages lost; the end
// cut off.
func harmed(sound []byte, rng *rand.Rand) []byte {
	data := bytes.Clone(sound)
	flip := func(at int) { data[at] ^= 1 << rng.IntN(8) }
	page := func() int { return rng.IntN(len(data)/4096) * 4096 }
	switch rng.IntN(8) {
	case 0:
		flip(rng.IntN(100))
	case 1:
		for range 1 + rng.IntN(8) {
			flip(rng.IntN(4096))
		}
	case 2: // headers of pages
		for range 1 + rng.IntN(4) {
			flip(page() + rng.IntN(60))
		}
	case 3:
		at := page()
		clear(data[at : at+4096])
	case 4:
		at := page()
		copy(data[at:at+4096], bytes.Repeat([]byte{0xA5}, 4096))
	case 5:
		return data[:rng.IntN(len(data))]
	default:
		for range 1 + rng.IntN(60) {
			flip(rng.IntN(len(data)))
		}
	}
	return data
}

// No damage makes anything panic or hang, and what Save has accepted can be read by its ID, in the list and in the
// sums.
func TestNoDamagePanics(t *testing.T) {
	sound, _ := filled(t, 12, time.Now())
	seeds := 150
	if os.Getenv("RTCBENCH_LONG") != "" {
		seeds = 3000
	}
	old, err := os.ReadFile("testdata/version1.db")
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for seed := range seeds {
		from := sound
		if seed%5 == 0 { // it has to be brought to the newest version, too
			from = old
		}
		data := harmed(from, rand.New(rand.NewPCG(38, uint64(seed))))
		path := written(t, data)
		if s, err := OpenToRead(t.Context(), path); err == nil {
			read(t.Context(), s, bench.Query{Samples: true})
			read(t.Context(), s, bench.Query{Limit: 3})
			s.Aggregate(t.Context(), bench.Query{})
			s.Aggregate(t.Context(), bench.Query{Since: time.Now().Add(-5 * time.Minute)})
			s.Check(t.Context())
			s.Close()
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(after, data) {
			t.Errorf("seed %d: reading changed the file", seed)
		}
		run := benchtest.StoredRun(40, time.Now())
		s, err := Options{Own: seed%2 == 0}.Open(t.Context(), path)
		if err != nil {
			continue
		}
		if err = s.Save(t.Context(), bench.NewRecord(run)); err == nil {
			s.Remove(t.Context(), run.ID[:30])
		}
		s.Close()
		if err != nil {
			continue
		}
		kept++
		back, err := OpenToRead(t.Context(), path)
		if err != nil {
			t.Fatalf("seed %d: took the run and cannot be opened: %v", seed, err)
		}
		for _, q := range []bench.Query{{ID: run.ID, Samples: true}, {Samples: true}, {Limit: 50}} {
			if got, errs := read(t.Context(), back, q); !got[run.ID] {
				t.Errorf("seed %d: took the run, and %+v gives %v, %v", seed, q, got, errs)
			}
		}
		sums, err := back.Aggregate(t.Context(), bench.Query{})
		if err != nil && !errors.Is(err, bench.ErrIncomplete) || len(sums) == 0 {
			t.Errorf("seed %d: sums %v, %v", seed, sums, err)
		}
		back.Close()
	}
	t.Logf("%d of %d took the run", kept, seeds)
	if kept < seeds/2 {
		t.Errorf("only %d of %d damaged stores took the run, also after a new one was begun", kept, seeds)
	}
}

// A run that is there and cannot be read is no reason to forget the one that is offered again.
func TestARunThatCannotBeReadIsWrittenAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := opened(t, path)
	runs := []bench.Run{benchtest.StoredRun(20, time.Now()), benchtest.StoredRun(30, time.Now())}
	if _, err := s.SaveAll(t.Context(), benchtest.Records(runs...)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec("UPDATE run SET samples = x'01ff', sent = 99 WHERE id = ?", runs[1].ID); err != nil {
		t.Fatal(err)
	}
	if fresh, err := s.SaveAll(t.Context(), benchtest.Records(runs...)); err != nil || fresh != 0 {
		t.Errorf("%d fresh, %v", fresh, err)
	}
	if got, errs := read(t.Context(), s, bench.Query{Samples: true}); len(got) != 2 || len(errs) > 0 {
		t.Errorf("%v, %v", got, errs)
	}
	if err := s.Check(t.Context()); err != nil { // its sums, too
		t.Error(err)
	}
}

// Sums and rollups that cannot be read are made of the runs.
func TestSumsThatCannotBeRead(t *testing.T) {
	for _, harm := range []string{
		"UPDATE rollup SET histogram = x'ff'", "UPDATE rollup SET invalid = 7", "UPDATE rollup SET runs = 'many'",
		"UPDATE run SET histogram = x'ff'; UPDATE rollup SET histogram = x'80'",
		"UPDATE run SET invalid = 'x'; UPDATE rollup SET histogram = 1.5", "UPDATE rollup SET sent = NULL",
		"DELETE FROM series",
	} {
		t.Run(harm, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "runs.db")
			s := opened(t, path)
			for i := range 5 {
				if err := s.Save(t.Context(),
					bench.NewRecord(benchtest.StoredRun(20, time.Now().Add(time.Duration(i-5)*time.Hour)))); err !=
					nil {
					t.Fatal(err)
				}
			}
			s.db.Exec("PRAGMA foreign_keys = off; PRAGMA ignore_check_constraints = on")
			s.db.Exec(harm)
			s.Aggregate(t.Context(), bench.Query{})
			sums, err := s.Aggregate(t.Context(), bench.Query{Since: time.Now().Add(-150 * time.Minute)})
			if err != nil && !errors.Is(err, bench.ErrIncomplete) {
				t.Errorf("sums %v, %v", sums, err)
			}
			run := benchtest.StoredRun(20, time.Now())
			if err := s.Save(t.Context(), bench.NewRecord(run)); err == nil {
				if got, errs := read(t.Context(), s, bench.Query{ID: run.ID, Samples: true}); !got[run.ID] {
					t.Errorf("took it and does not have it: %v", errs)
				}
			}
		})
	}
}

// Whoever has the file open when it is moved away saves in the one that stands there then.
func TestAFileThatIsMovedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs.db")
	s := opened(t, path)
	if err := s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(5, time.Now()))); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".elsewhere"); err != nil {
		t.Fatal(err)
	}
	run := benchtest.StoredRun(5, time.Now())
	if err := s.Save(t.Context(), bench.NewRecord(run)); err != nil {
		t.Fatal(err)
	}
	back := opened(t, path)
	if got, errs := read(t.Context(), back, bench.Query{}); len(got) != 1 || !got[run.ID] {
		t.Errorf("%v, %v", got, errs)
	}
	if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) > 0 {
		t.Error(fmt.Sprint("set aside: ", aside))
	}
}
