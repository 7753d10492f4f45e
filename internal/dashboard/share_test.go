package dashboard

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/report"
	"rtcbench/internal/store/sqlite"
)

// TestOneAnswerForAll: who asks the same at the same moment has one answer together, and what the store gets meanwhile
// is in the next one; also what lies longer back than what is held.
func TestOneAnswerForAll(t *testing.T) {
	s := opened(t)
	aDay(t, s)
	var made atomic.Int32
	var later atomic.Int64 // s after noon
	srv := New(Options{Open: func() (bench.Store, error) { return s, nil }, Log: quiet,
		Now: func() time.Time { return noon.Add(time.Duration(later.Load()) * time.Second) }})
	srv.Fleet = func() Fleet { made.Add(1); return Fleet{Places: []FleetSeat{}} } // it is asked where series are
	srv.looks.SetLimit(rate.Inf)
	if err := srv.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask := func(path string) (runs int) {
		t.Helper()
		var all sync.WaitGroup
		counts := make([]int, 8)
		for i := range counts {
			all.Go(func() {
				for _, x := range into[SeriesList](t, client{t, srv}.get(path)).List {
					counts[i] += x.Total.Runs
				}
			})
		}
		all.Wait()
		for _, n := range counts {
			if n != counts[0] {
				t.Errorf("%s: %v", path, counts)
			}
		}
		return counts[0]
	}
	const today, ever = "/api/v1/series?since=20h", "/api/v1/series?since=40d"
	runs := ask(today)
	if n := made.Load(); n != 1 {
		t.Errorf("8 who ask the same: %d answers were made, want 1", n)
	}
	before := ask(ever)
	for _, ago := range []time.Duration{time.Hour, 30 * 24 * time.Hour} {
		r := benchtest.StoredRun(5, noon.Add(-ago))
		r.Location = "fra"
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(today); got != runs+1 {
		t.Errorf("%d runs of today, want %d", got, runs+1)
	}
	later.Add(2) // what is longer ago is looked at once a second
	if got := ask(ever); got != before+2 {
		t.Errorf("%d runs, want %d", got, before+2)
	}
	w := client{t, srv}.get(today, "Accept-Encoding", "gzip")
	if again := (client{t, srv}.get(today, "If-None-Match", w.Header().Get("ETag"))); again.Code != 304 {
		t.Errorf("the same again: %d", again.Code)
	}
	for _, path := range []string{"/api/v1/openapi.json", "/api/v1/runs", "/api/v1/mesh", "/api/v1/fleet",
		"/api/v1/history", "/api/v1/compare?a=location=fra&b=location=us-east-1", "/api/results/locations"} {
		w := client{t, srv}.get(path)
		tag := w.Header().Get("ETag")
		if again := (client{t, srv}.get(path, "If-None-Match", tag)); tag == "" || again.Code != 304 {
			t.Errorf("%s: %d with the tag %q, then %d", path, w.Code, tag, again.Code)
		}
	}
}

// held is a store that gives no digest before it may.
type held struct {
	*sqlite.Store
	may chan struct{}
}

func (h held) Digests(ctx context.Context, q bench.Query, skip func(string) bool) iter.Seq2[bench.Digest, error] {
	<-h.may
	return h.Store.Digests(ctx, q, skip)
}

// TestReadingIsTold: while a store is read first, who watches hears how far it is, and what needs no memory is there.
func TestReadingIsTold(t *testing.T) {
	s := held{opened(t), make(chan struct{})}
	aDay(t, s.Store)
	srv := httptest.NewServer(server(s).Handler())
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	get := func(path string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, "GET", srv.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	watch := get("/api/v1/live")
	defer watch.Body.Close()
	lines := bufio.NewScanner(watch.Body)
	for lines.Scan() && lines.Text() != "event: reading" {
	}
	if lines.Scan(); !strings.HasPrefix(lines.Text(), `data: {"done":0,"of":24}`) {
		t.Errorf("%q, %v", lines.Text(), lines.Err())
	}
	resp := get("/api/v1/history?since=24h")
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("a history meanwhile: %s", resp.Status)
	}
	close(s.may)
	for lines.Scan() && lines.Text() != `data: {"done":24,"of":24}` {
	}
	if lines.Err() != nil {
		t.Errorf("the end of it is not told: %v", lines.Err())
	}
	resp = get("/api/v1/series?since=24h")
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
}

// asked is a store that counts how often something is read from it.
type asked struct {
	*sqlite.Store
	reads, sums atomic.Int64
}

func (a *asked) Digests(ctx context.Context, q bench.Query, skip func(string) bool) iter.Seq2[bench.Digest, error] {
	a.reads.Add(1)
	return a.Store.Digests(ctx, q, skip)
}

func (a *asked) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	a.reads.Add(1)
	return a.Store.Runs(ctx, q)
}

func (a *asked) Aggregate(ctx context.Context, q bench.Query) ([]bench.Aggregate, error) {
	a.sums.Add(1)
	return a.Store.Aggregate(ctx, q)
}

func (a *asked) Marks(ctx context.Context, since time.Time) (map[int64]bench.Mark, error) {
	a.reads.Add(1)
	return a.Store.Marks(ctx, since)
}

func (a *asked) IDs(ctx context.Context, since, until time.Time) ([]string, error) {
	a.reads.Add(1)
	return a.Store.IDs(ctx, since, until)
}

// TestWhatIsAskedCostsNothing: the store is read when it has other runs, and looked at now and then; not because
// somebody asks.
func TestWhatIsAskedCostsNothing(t *testing.T) {
	const viewers, each, rounds = 20, 25, 3
	s := &asked{Store: opened(t)}
	aDay(t, s.Store)
	srv := server(s)
	if err := srv.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := srv.Handler()
	views := []string{"/api/v1/overview?since=24h", "/api/v1/series?since=24h&location=fra", "/api/v1/mesh?since=24h",
		"/api/v1/runs?since=24h", "/api/v1/history?since=24h&last=5"}
	begun, before := time.Now(), s.reads.Load()
	for round := range rounds {
		r := benchtest.StoredRun(5, noon.Add(-time.Duration(1+round)*time.Minute))
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
		if err := srv.bring(t.Context(), s, true, nil); err != nil { // as is done once a second
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range viewers {
			all.Go(func() {
				for n := range each {
					r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+views[n%len(views)], nil)
					r.RemoteAddr = fmt.Sprintf("127.0.1.%d:1", i)
					w := httptest.NewRecorder()
					if h.ServeHTTP(w, r); w.Code != http.StatusOK {
						t.Errorf("%s: %d", r.URL, w.Code)
					}
				}
			})
		}
		all.Wait()
	}
	// Runs are read for a list of runs and for a history: twice a round. The look of a round is its mark and its new
	// digests. Others look at marks alone.
	looks := fewLooks + int(time.Since(begun).Seconds())
	if got, most := int(s.reads.Load()-before), 2*rounds+3*rounds+looks; got > most {
		t.Errorf("%d who asked %d times: the store was read %d times, want %d at the most", viewers, each*rounds, got,
			most)
	}
}

// TestAPageThatNobodyWatchesIsKeptWarm: what was shown once has new runs soon, and whoever comes next waits for none of
// them. What was never shown is not read.
func TestAPageThatNobodyWatchesIsKeptWarm(t *testing.T) {
	s := &asked{Store: opened(t)}
	aDay(t, s.Store)
	srv, never := server(s), server(s)
	defer never.KeepWarm(t.Context())()
	if err := srv.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer srv.KeepWarm(t.Context())()
	before, _ := srv.shown.of(s)
	run := benchtest.StoredRun(5, noon.Add(-time.Minute))
	if err := s.Save(t.Context(), bench.NewRecord(run)); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if v, _ := srv.shown.of(s); v.Number() > before.Number() {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nobody looked at the store")
		}
	}
	if never.source.opened() != nil {
		t.Error("a store was opened for a page that nobody opened")
	}
}

// TestAnsweredAhead: what was asked lately is answered by what is new before anybody is told of it, and so nobody waits
// for the store; what nobody has asked since is not.
func TestAnsweredAhead(t *testing.T) {
	s := &asked{Store: opened(t)}
	aDay(t, s.Store)
	srv := server(s)
	if err := srv.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	const path = "/api/v1/runs?since=24h&limit=2"
	srv.kept.make = func(ctx context.Context, _ func([]byte)) { <-ctx.Done() } // what is told is told here
	news, leave := srv.kept.watch()
	defer leave()
	c := client{t, srv}
	c.get(path)
	for round := range 2 {
		r := benchtest.StoredRun(5, noon.Add(-time.Duration(2-round)*time.Minute))
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
		srv.looks.SetBurst(0) // nobody has the store looked at by asking
		before := s.reads.Load()
		if err := srv.bring(t.Context(), s, true, nil); err != nil {
			t.Fatal(err)
		}
		// marks and digests, and the runs if they were asked for since the last time
		if got, want := s.reads.Load()-before, int64(3-round); got != want {
			t.Errorf("round %d: %d reads to bring what is new, want %d", round, got, want)
		}
		select {
		case event := <-news:
			if !strings.Contains(string(event), r.ID) {
				t.Errorf("%s was told", event)
			}
		default:
			t.Error("nothing was told")
		}
		if round == 1 {
			break
		}
		before = s.reads.Load()
		page := into[runsPage](t, c.get(path))
		if len(page.Runs) != 2 || page.Runs[0].ID != r.ID || s.reads.Load() != before {
			t.Errorf("%d reads for who asks then, %+v", s.reads.Load()-before, page.Runs)
		}
		srv.answers.askedLately() // that is long ago now
	}
}

// TestHistoryFromMemory: the interface answers byte for byte what the command prints, although the store sums nothing
// up for it.
func TestHistoryFromMemory(t *testing.T) {
	s := &asked{Store: opened(t)}
	aDay(t, s.Store)
	meshed(t, s.Store)
	srv := server(s)
	if err := srv.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		path string
		of   bench.Query
	}{
		{"?since=24h", bench.Query{Since: noon.Add(-24 * time.Hour), Limit: defaultLast}},
		{"?since=20h&last=3&location=fra", bench.Query{Since: noon.Add(-20 * time.Hour), Limit: 3, Location: "fra"}},
		{"?since=10h&include_invalid=true", bench.Query{Since: noon.Add(-10 * time.Hour), Limit: defaultLast,
			Invalid: true}},
		{"", bench.Query{Limit: defaultLast}},
		{"?since=2026-11-26&until=2026-11-26T06:00:00Z", bench.Query{Since: noon.Add(-12 * time.Hour),
			Until: noon.Add(-6 * time.Hour), Limit: defaultLast}},
		{"?location=mars", bench.Query{Location: "mars", Limit: defaultLast}},
	} {
		h, err := archive.History(t.Context(), s, x.of, noon)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := report.WriteHistoryJSON(&want, h); err != nil {
			t.Fatal(err)
		}
		sums := s.sums.Load()
		got := (client{t, srv}).get("/api/v1/history" + x.path)
		if s.sums.Load() != sums || got.Body.String() != want.String() {
			t.Errorf("%s:\n%.2000s\nwant\n%.2000s", x.path, got.Body, want.String())
		}
	}
}
