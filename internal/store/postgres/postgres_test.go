package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/postgrestest"
	"rtcbench/internal/result"
)

// server is Debian's own, one for all tests.
var server struct {
	sync.Once
	*postgrestest.Server
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if server.Server != nil {
		server.Close()
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// database is the URL of one of the test's own.
func database(t testing.TB) string {
	t.Helper()
	server.Do(func() { server.Server, server.err = postgrestest.New("fsync=off") })
	if server.err != nil {
		t.Fatal(server.err)
	}
	return server.Database(t)
}

// nameIn is the name of the database in its URL.
func nameIn(url string) string { return url[strings.LastIndex(url, "/")+1:] }

func opened(t testing.TB, url string) *Store {
	t.Helper()
	s, err := New(t.Context(), Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func pack(r bench.Record) (bench.Packed, error) {
	p, err := result.Pack(r)
	return p.Packed, err
}

func TestStore(t *testing.T) {
	benchtest.TestStore(t, func(t *testing.T) benchtest.StoreUnderTest {
		url := database(t)
		change := func(t *testing.T, statement string, args ...any) {
			t.Helper()
			done, err := opened(t, url).pool.Exec(t.Context(), statement, args...)
			if err != nil || done.RowsAffected() != 1 {
				t.Fatal(done, err)
			}
		}
		return benchtest.StoreUnderTest{
			Level: benchtest.ReadsSamples,
			Open:  func(t *testing.T) bench.Store { return opened(t, url) },
			Pack:  pack,
			Corrupt: func(t *testing.T, id string) {
				change(t, "UPDATE rtcbench.sample SET samples = '\\x01ff' WHERE id = $1::text::uuid", id)
				change(t, `UPDATE rtcbench.run SET document = '{"platform":3}' WHERE id = $1::text::uuid`, id)
			},
			Alter: func(t *testing.T, id, from, to string) {
				change(t, "UPDATE rtcbench.run SET document = replace(document::text, $2::text, $3::text)::json "+
					"WHERE id = $1::text::uuid", id, from, to)
			},
			Misfile: func(t *testing.T, id, column string) {
				change(t, "UPDATE rtcbench.run SET "+column+" = (1 - "+column+"::int)::text::"+map[bool]string{
					true: "boolean", false: "bigint"}[column == "invalid"]+" WHERE id = $1::text::uuid", id)
			},
		}
	})
}

// moment is one in three days, and whose runs are of many kinds.
type sampler struct{ *rand.Rand }

var begin = time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC)

func (s sampler) moment() time.Time { return begin.Add(time.Duration(s.Int64N(int64(75 * time.Hour)))) }

func (s sampler) run() bench.Run {
	r := benchtest.StoredRun(3+s.IntN(20), s.moment().Truncate(time.Microsecond))
	r.Platform = []string{"daily", "livekit"}[s.IntN(2)]
	r.Location = []string{"a", "b", ""}[s.IntN(3)]
	r.Facts.Hidden = s.IntN(4) == 0
	return r
}

// sumsAre holds the sums of s, asked for in many ways, to its runs.
func sumsAre(t *testing.T, s *Store, rng sampler, ways int) {
	t.Helper()
	for i := range ways {
		var q bench.Query
		if i%4 != 0 {
			q.Since = rng.moment().Truncate([]time.Duration{1, time.Hour, 24 * time.Hour}[rng.IntN(3)])
		}
		if i%3 != 0 {
			q.Until = rng.moment().Truncate([]time.Duration{1, time.Hour, 24 * time.Hour}[rng.IntN(3)])
		}
		if i%5 == 0 {
			q.Platform = "daily"
		}
		if i%7 == 0 {
			q.Location = "a"
		}
		q.Invalid = i%2 == 0
		got, err := s.Aggregate(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := bench.AggregateRuns(t.Context(), struct{ bench.Store }{s}, q) // run by run
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%+v: %d series, want %d", q, len(got), len(want))
		}
		for i := range got {
			a, b := got[i], want[i]
			if a.Series != b.Series || a.Runs != b.Runs || a.LeftOut != b.LeftOut || a.Counts != b.Counts ||
				!a.Histogram.Equal(b.Histogram) {
				t.Fatalf("%+v: sums say %+v %d without %d %+v, runs say %+v %d without %d %+v", q, a.Series, a.Runs,
					a.LeftOut, a.Counts, b.Series, b.Runs, b.LeftOut, b.Counts)
			}
		}
	}
}

// TestSeveralWriters: four processes save at once into the same series and hours, also the same runs, while others are
// removed. Each run is there once, and every sum is that of the runs.
func TestSeveralWriters(t *testing.T) {
	url := database(t)
	rng := sampler{rand.New(rand.NewPCG(7, 8))}
	var all []bench.Packed
	removed := map[string]bool{}
	for i := range 160 {
		p, err := pack(bench.NewRecord(rng.run()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
		removed[p.ID] = i%8 == 0
	}
	var g sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for writer := range 4 {
		s := opened(t, url)
		order := rand.New(rand.NewPCG(uint64(writer), 0)).Perm(len(all))
		g.Go(func() {
			for len(order) > 0 { // each writer offers each run, in an order of its own
				n := min(len(order), 7)
				var some []bench.Packed
				for _, i := range order[:n] {
					some = append(some, all[i])
				}
				order = order[n:]
				k, err := s.SavePacked(t.Context(), some)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				fresh += k
				mu.Unlock()
			}
		})
	}
	g.Wait()
	s := opened(t, url)
	if fresh != len(all) {
		t.Errorf("%d runs were new to somebody, want %d", fresh, len(all))
	}
	sumsAre(t, s, rng, 60)
	for id, is := range removed { // while others are saved in the same hours
		if !is {
			continue
		}
		g.Go(func() {
			if there, err := s.Remove(t.Context(), id); !there || err != nil {
				t.Errorf("remove %s: %v, %v", id, there, err)
			}
		})
	}
	for range 20 {
		r := rng.run()
		g.Go(func() {
			if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	sumsAre(t, s, rng, 60)
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRetention: whole days go, with their sums, and what is older than that is refused; samples go sooner than runs.
func TestRetention(t *testing.T) {
	url := database(t)
	s := opened(t, url)
	runDays, sampleDays := 5, 2
	now := time.Now().Truncate(time.Millisecond).UTC()
	var runs []bench.Run
	for age := range 8 {
		r := benchtest.StoredRun(10, now.Add(-time.Duration(age)*24*time.Hour))
		runs = append(runs, r)
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
	}
	partitions := func() string {
		return strings.Join(strings.Fields(server.SQL(t, nameIn(url),
			"SELECT inhparent::regclass, count(*) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "+
				"WHERE relkind = 'r' GROUP BY 1 ORDER BY 1")), " ")
	}
	if got := partitions(); got != "rtcbench.run|8 rtcbench.sample|8" {
		t.Errorf("partitions: %s", got)
	}
	made, err := s.Init(t.Context(), bench.Retention{RunDays: &runDays, SampleDays: &sampleDays})
	if err != nil || len(made) != 2 {
		t.Fatal(made, err)
	}
	if got := partitions(); got != "rtcbench.run|6 rtcbench.sample|3" {
		t.Errorf("partitions: %s", got)
	}
	n := 0
	for r, err := range s.Runs(t.Context(), bench.Query{Samples: true}) {
		if err != nil {
			t.Fatal(err)
		}
		age := int(now.Sub(r.End).Round(time.Hour) / (24 * time.Hour))
		if with := len(r.Samples) > 0; with != (age <= sampleDays) || age > runDays {
			t.Errorf("a run of %d days ago has its samples: %v", age, with)
		}
		n++
	}
	if n != 6 {
		t.Errorf("%d runs are left, want 6", n)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	other := opened(t, url)
	if err := other.Save(t.Context(), bench.NewRecord(runs[7])); !errors.Is(err, bench.ErrRejected) ||
		!strings.Contains(err.Error(), "keeps runs for 5 days") {
		t.Errorf("a run that is too old: %v", err)
	}
	// A partition that another process drops is made again.
	server.SQL(t, nameIn(url), "DROP TABLE rtcbench.run_"+runs[3].End.Format("20060102"))
	again := benchtest.StoredRun(10, runs[3].End)
	if err := s.Save(t.Context(), bench.NewRecord(again)); err != nil {
		t.Error(err)
	}
	forever := 0
	if made, err := other.Init(t.Context(), bench.Retention{RunDays: &forever}); err != nil || len(made) != 1 ||
		!strings.Contains(made[0], "for ever") {
		t.Error(made, err)
	}
	if err := other.Save(t.Context(), bench.NewRecord(runs[7])); err != nil {
		t.Error(err)
	}
}

// TestErrors: each says what is wrong and never the password, in whatever place it stands.
func TestErrors(t *testing.T) {
	url := database(t)
	secret := postgrestest.Password
	swap := func(old, new string) string {
		if !strings.Contains(url, old) {
			t.Fatalf("%s is not in the URL", old)
		}
		return strings.Replace(url, old, new, 1)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for want, given := range map[string]string{
		"there is no such database":         url + "x",
		"lets nobody in with this user":     swap("//postgres:", "//nobody:"),
		"is the server running there?":      swap(server.Port, "1"),
		"as %XX":                            "postgres://postgres:" + secret + "@127.0.0.1/x",
		"that names no database":            url[:strings.LastIndex(url, "/")],
		"is to be postgres://USER:PASSWORD": swap("/test", "/te st?sslmode="+"%zz"),
	} {
		s, err := New(ctx, Options{URL: given})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q, got %v", want, err)
		} else if strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "4711") {
			t.Errorf("%v", err)
		}
	}
	s := opened(t, url)
	if err := s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(5, time.Now()))); err != nil {
		t.Fatal(err)
	}
	name := nameIn(url)
	server.SQL(t, name, "UPDATE rtcbench.about SET version = 99")
	newer := opened(t, url)
	if err := newer.Save(ctx, bench.NewRecord(benchtest.StoredRun(5, time.Now()))); err == nil ||
		!strings.Contains(err.Error(), "a newer rtcbench made it") || errors.Is(err, bench.ErrRejected) {
		t.Error(err)
	}
	server.SQL(t, name, "UPDATE rtcbench.about SET version = 2; CREATE ROLE reader LOGIN PASSWORD 'geheim'; "+
		"GRANT USAGE ON SCHEMA rtcbench TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA rtcbench TO reader")
	user := url[strings.Index(url, "//")+2 : strings.Index(url, "@")]
	reader := opened(t, strings.Replace(url, user, "reader:geheim", 1))
	if list, err := reader.Aggregate(ctx, bench.Query{}); err != nil || len(list) != 1 {
		t.Error(list, err)
	}
	err := reader.Save(ctx, bench.NewRecord(benchtest.StoredRun(5, time.Now())))
	if !errors.Is(err, bench.ErrRejected) ||
		!strings.Contains(err.Error(), "this user may not do that") {
		t.Error(err)
	}
	nul := benchtest.StoredRun(5, time.Now())
	nul.Location = "a\x00b"
	if err := s.Save(ctx, bench.NewRecord(nul)); !errors.Is(err, bench.ErrRejected) {
		t.Error(err)
	}
}

// TestCountThatIsNew: a store of a version that knew fewer counts gets their columns, and they are what the documents
// say.
func TestCountThatIsNew(t *testing.T) {
	url := database(t)
	s := opened(t, url)
	var sent int
	for i := range 3 {
		r := benchtest.StoredRun(10+i, time.Now())
		sent += r.Counts.Sent
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
	}
	name := nameIn(url)
	server.SQL(t, name, "ALTER TABLE rtcbench.run DROP sent; ALTER TABLE rtcbench.rollup DROP sent")
	later := opened(t, url)
	if made, err := later.Init(t.Context(), bench.Retention{}); err != nil || fmt.Sprint(made) != "[column sent]" {
		t.Fatal(made, err)
	}
	sums, err := later.Aggregate(t.Context(), bench.Query{})
	if err != nil || len(sums) != 1 || sums[0].Counts.Sent != sent {
		t.Errorf("%+v, %v", sums, err)
	}
	if err := later.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
