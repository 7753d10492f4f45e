package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/postgrestest"
	"rtcbench/internal/store/postgres"
	"rtcbench/internal/store/sqlite"
)

// BenchmarkPlace is what a place over 30 days costs the server: a run each five minutes, of 120 pings each.
func BenchmarkPlace(b *testing.B) {
	s := opened(b)
	const runs = 30 * 24 * 12
	for begin := 0; begin < runs; begin += 480 {
		var list []bench.Record
		for i := range 480 {
			r := benchtest.StoredRun(120, noon.Add(time.Duration(begin+i-runs)*5*time.Minute))
			r.Location = "fra"
			list = append(list, bench.NewRecord(r))
		}
		if _, err := s.SaveAll(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
	ask(b, server(s), "/api/v1/series?since=30d&parts=96&location=fra")
}

// BenchmarkMap is what the map of so many series costs the server, each with a run in the time that is shown.
func BenchmarkMap(b *testing.B) {
	for _, n := range []int{50, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := opened(b)
			var list []bench.Record
			for i := range n {
				r := benchtest.StoredRun(60, noon.Add(-time.Duration(i%1000)*time.Minute-time.Hour))
				r.Location = fmt.Sprintf("place-%d", i)
				list = append(list, bench.NewRecord(r))
				if len(list) == 500 || i == n-1 {
					if _, err := s.SaveAll(b.Context(), list); err != nil {
						b.Fatal(err)
					}
					list = list[:0]
				}
			}
			ask(b, server(s), "/api/v1/series?since=24h&brief=true")
		})
	}
}

func ask(b *testing.B, s *Server, path string) {
	b.Helper()
	h := s.Handler()
	begun := time.Now()
	if err := s.Warm(b.Context()); err != nil {
		b.Fatal(err)
	}
	start := time.Since(begun)
	b.ResetTimer()
	for range b.N {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1"+path, nil))
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
		b.ReportMetric(float64(w.Body.Len()), "bytes")
		b.ReportMetric(start.Seconds(), "start-s")
	}
}

// BenchmarkStart is how long a page waits for its first answer from a store with a day of 1,000 series, a run each five
// minutes.
func BenchmarkStart(b *testing.B) {
	f := filling{series: 1000, runs: 288, every: 5 * time.Minute, pings: 600}
	b.Run("sqlite", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "runs.db")
		s, err := sqlite.Open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		f.into(b, s)
		s.Close()
		starts(b, f, func() (bench.Store, error) { return sqlite.OpenToRead(b.Context(), path) })
	})
	b.Run("postgres", func(b *testing.B) {
		pg, err := postgrestest.New("fsync=off")
		if err != nil {
			b.Fatal(err)
		}
		defer pg.Close()
		o := postgres.Options{URL: pg.Database(b)}
		s, err := postgres.New(b.Context(), o)
		if err != nil {
			b.Fatal(err)
		}
		f.into(b, s)
		s.Close()
		starts(b, f, func() (bench.Store, error) { return postgres.New(b.Context(), o) })
	})
}

func starts(b *testing.B, f filling, open func() (bench.Store, error)) {
	for b.Loop() {
		s, err := open()
		if err != nil {
			b.Fatal(err)
		}
		page := server(s)
		begun := time.Now()
		if err := page.Warm(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begun).Seconds(), "start-s")
		b.StopTimer()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB")
		begun = time.Now()
		w := httptest.NewRecorder()
		url := "http://127.0.0.1/api/v1/series?since=24h&brief=true"
		page.Handler().ServeHTTP(w, httptest.NewRequest("GET", url, nil))
		b.ReportMetric(time.Since(begun).Seconds(), "map-s")
		var list SeriesList
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list.List) != f.series ||
			list.List[0].Total.Runs+list.List[0].Total.LeftOut != f.runs {
			b.Fatal(w.Code, err, len(list.List))
		}
		s.Close()
		b.StartTimer()
	}
}
