package outbox

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
	"rtcbench/internal/store/sqlite"
)

// TestMain is also the process that is killed: it saves runs without end, and prints the ID of each that
// was accepted.
func TestMain(m *testing.M) {
	if dir := os.Getenv("RTCBENCH_KILLED"); dir != "" {
		if err := saveForever(dir, os.Getenv("RTCBENCH_KILLED_MODE")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func sqliteTarget(path string) Target {
	return Target{Name: path, Open: func(ctx context.Context) (bench.Store, error) { return sqlite.Open(ctx, path) }}
}

func saveForever(dir, mode string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	a, b := filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db")
	box := Open(filepath.Join(dir, "outbox"), 1<<30)
	var direct bench.Store
	if mode == "sqlite" {
		var err error
		if direct, err = sqlite.Open(ctx, a); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		r := benchtest.StoredRun(20, time.Now())
		if direct != nil {
			if err := direct.Save(ctx, bench.NewRecord(r)); err != nil {
				return err
			}
			fmt.Println(r.ID)
			continue
		}
		if err := box.Put(result.NewDocument(bench.NewRecord(r)), []string{a, b}); err != nil {
			return err
		}
		fmt.Println(r.ID)
		c := box.To([]Target{sqliteTarget(a), sqliteTarget(b)}, 30*time.Second)
		out, err := c.Deliver(ctx, r.ID)
		if err != nil {
			return err
		}
		if len(out.Failures) > 0 {
			return out.Failures[0].Err
		}
		if err := c.Close(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// TestKilledAtAnyMoment: after any number of kill -9, the stores hold exactly what was accepted, and for
// each kill at most one run that was just being handed over.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := 20
	if os.Getenv("RTCBENCH_LONG") != "" {
		kills = 200
	}
	for _, mode := range []string{"outbox", "sqlite"} {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			rng := rand.New(rand.NewPCG(9, uint64(time.Now().UnixNano())))
			accepted := map[string]bool{}
			for range kills {
				for _, id := range killed(t, dir, mode, time.Duration(rng.IntN(60))*time.Millisecond) {
					accepted[id] = true
				}
			}
			a, b := filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db")
			paths := []string{a}
			if mode == "outbox" {
				paths = append(paths, b)
				box := Open(filepath.Join(dir, "outbox"), 1<<30)
				deliver(t, box, sqliteTarget(a), sqliteTarget(b))
				list, err := box.Waiting()
				if n := count(t, list, err); n != 0 {
					t.Errorf("%d runs still wait", n)
				}
			}
			for _, path := range paths {
				holds(t, path, accepted, kills)
			}
			t.Logf("%d kills, %d runs accepted", kills, len(accepted))
		})
	}
}

// killed starts the process, kills it some time after its first run and gives what it had accepted.
func killed(t *testing.T, dir, mode string, after time.Duration) (ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "RTCBENCH_KILLED="+dir, "RTCBENCH_KILLED_MODE="+mode)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if ids = append(ids, lines.Text()); len(ids) == 1 {
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || ctx.Err() != nil || len(ids) == 0 {
		t.Fatalf("it ended by itself: %v", err)
	}
	return ids
}

func holds(t *testing.T, path string, accepted map[string]bool, kills int) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seen, pings := map[string]bool{}, 0
	for r, err := range s.Runs(t.Context(), bench.Query{Samples: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[r.ID] {
			t.Errorf("run %s is there twice", r.ID)
		}
		seen[r.ID] = true
		pings += r.Counts.Sent
	}
	for id := range accepted {
		if !seen[id] {
			t.Errorf("%s: run %s was accepted and is lost", path, id)
		}
	}
	if extra := len(seen) - len(accepted); extra > kills {
		t.Errorf("%s: %d runs that were never accepted after %d kills", path, extra, kills)
	}
	sums, err := s.Aggregate(t.Context(), bench.Query{})
	if err != nil {
		t.Fatal(err)
	}
	runs, sent := 0, 0
	for _, a := range sums {
		runs, sent = runs+a.Runs, sent+a.Counts.Sent
	}
	if runs != len(seen) || sent != pings {
		t.Errorf("%s: the rollups have %d runs with %d pings, the runs are %d with %d", path, runs, sent,
			len(seen), pings)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
