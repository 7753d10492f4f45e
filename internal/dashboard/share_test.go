package dashboard

import (
	"bufio"
	"context"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
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
