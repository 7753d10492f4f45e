package hub_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
	"rtcbench/internal/store/sqlite"
)

// shelf is a store that does as it is told.
type shelf struct {
	mu   sync.Mutex
	says error // what Save says of the next runs
	has  []string
	came int // runs that it was asked to keep
}

func (s *shelf) target() outbox.Target {
	return outbox.Target{Name: "shelf", Open: func(context.Context) (bench.Store, error) { return s, nil }}
}

func (s *shelf) Save(_ context.Context, r bench.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came++
	if s.says == nil {
		s.has = append(s.has, r.ID)
	}
	return s.says
}

func (s *shelf) say(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says = err
}

func (s *shelf) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.came
}

func (s *shelf) Runs(context.Context, bench.Query) iter.Seq2[bench.Run, error] {
	return func(func(bench.Run, error) bool) {}
}
func (s *shelf) Close() error   { return nil }
func (s *shelf) String() string { return "shelf" }

// put puts a run of that location into a runner's outbox.
func put(t *testing.T, f *runner.File, location string, end time.Time) string {
	t.Helper()
	r := benchtest.StoredRun(20, end)
	r.Location = location
	if err := box(f).Put(result.NewDocument(bench.NewRecord(r)), []string{runner.HubStore}); err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func waiting(t *testing.T, f *runner.File) int {
	t.Helper()
	n, err := box(f).Count()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKeptMeansTheStoreHasIt: while one store of two is away the run stays at the runner, though the stream and the
// other store have it. When the store is back the run goes there, and then it is kept.
func TestKeptMeansTheStoreHasIt(t *testing.T) {
	dir, s := t.TempDir(), &shelf{says: errors.New("down")}
	c := start(t, dir, "", database(dir), s.target())
	f := c.mustJoin("fra-1")
	id := put(t, f, "fra", time.Now())
	stop := c.run(f)
	await(t, "offered to the store that is away", func() bool { return s.asked() > 0 })
	if waiting(t, f) == 0 { // two files are of one run, while what is known of it is written anew
		t.Error("the run has left the runner, and the store does not have it")
	}
	stop()
	s.say(nil)
	c.run(f)
	await(t, "kept", func() bool { return waiting(t, f) == 0 })
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, has := range s.has {
		if has != id {
			t.Errorf("the store has %s", has)
		}
	}
	if len(s.has) == 0 {
		t.Error("the runner was told that its run is kept, and the store does not have it")
	}
}

// TestRejectedIsRejected: what can never be kept goes to rejected at the runner with the reason, and does not come
// again; a run beside it is kept.
func TestRejectedIsRejected(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, "")
	f := c.mustJoin("fra-1")
	good := put(t, f, "fra", time.Now())
	foreign := put(t, f, "iad", time.Now())
	future := put(t, f, "fra", time.Now().Add(72*time.Hour))
	anHour := put(t, f, "fra", time.Now().Add(time.Hour)) // a clock that is wrong, as clocks are
	c.run(f)
	await(t, "all of them decided", func() bool { return waiting(t, f) == 0 })
	list, err := box(f).Rejected()
	if err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, r := range list {
		why[r.RunID] = r.Stores[runner.HubStore].Error
	}
	if len(list) != 2 || !strings.Contains(why[foreign], `made at "iad", and the place fra-1 is at "fra"`) ||
		!strings.Contains(why[future], "in the future") {
		t.Errorf("rejected: %q", why)
	}
	got := kept(t, dir)
	if fmt.Sprint(got) != fmt.Sprint([]string{good, anHour}) {
		t.Errorf("kept are %v, want %v and %v", got, good, anHour)
	}
}

// TestTheSameRunTwice: a run whose answer was lost is offered again, and is kept once.
func TestTheSameRunTwice(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, "")
	f := c.mustJoin("fra-1")
	run := benchtest.StoredRun(20, time.Now())
	run.Location = "fra"
	p, err := result.Pack(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	nc := connect(t, c, f)
	inbox, err := nc.SubscribeSync(fleet.InboxPrefix("fra-1") + ".kept.*")
	if err != nil {
		t.Fatal(err)
	}
	offer := func(try int, data []byte) string {
		t.Helper()
		m := nats.NewMsg(fleet.RunSubject("fra-1"))
		m.Data = data
		m.Header.Set(nats.MsgIdHdr, fmt.Sprint(run.ID, "/", try))
		m.Header.Set(fleet.KeptHeader, fmt.Sprint(fleet.InboxPrefix("fra-1"), ".kept.", try))
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
		answer, err := inbox.NextMsg(20 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return string(answer.Data)
	}
	for try := range 2 {
		if word := offer(try, data); word != fleet.Kept {
			t.Errorf("offer %d: %s", try, word)
		}
	}
	data[len(data)-1] ^= 1
	if word := offer(3, data); !strings.HasPrefix(word, fleet.Rejected) || !strings.Contains(word, "damaged") {
		t.Errorf("a run that was damaged on its way: %s", word)
	}
	if got := kept(t, dir); fmt.Sprint(got) != fmt.Sprint([]string{run.ID}) {
		t.Errorf("kept are %v, want %s", got, run.ID)
	}
	s, err := sqlite.OpenToRead(t.Context(), filepath.Join(dir, "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for r, err := range s.Runs(t.Context(), bench.Query{Samples: true}) {
		if err != nil || len(r.Samples) != len(run.Samples) || r.Location != "fra" {
			t.Errorf("it comes back with %d samples, from %q: %v", len(r.Samples), r.Location, err)
		}
	}
}

// TestAPlanReachesAll: a plan that is issued while runners are connected is taken at once, with its seats; the next has
// a higher serial, and the same again has not.
func TestAPlanReachesAll(t *testing.T) {
	dir, s := t.TempDir(), &shelf{}
	c := start(t, dir, "", s.target())
	f := c.mustJoin("fra-1")
	c.run(f)
	await(t, "heard", func() bool { return c.state("fra-1").Heard != nil })
	first, err := c.Order(orders(2))
	if err != nil {
		t.Fatal(err)
	}
	await(t, "measured, and kept", func() bool { return s.asked() > 3 })
	same, err := c.Order(orders(2))
	if err != nil || same.Serial != first.Serial {
		t.Errorf("the same again has serial %d after %d: %v", same.Serial, first.Serial, err)
	}
	c.stop()
	c = start(t, dir, strings.TrimPrefix(c.address.URL, "https://"))
	same, err = c.Order(orders(2))
	if err != nil || same.Serial != first.Serial {
		t.Errorf("after a start the same has serial %d after %d: %v", same.Serial, first.Serial, err)
	}
	next, err := c.Order(orders(1))
	if err != nil || next.Serial <= first.Serial {
		t.Errorf("another plan has serial %d after %d: %v", next.Serial, first.Serial, err)
	}
}
