package dashboard

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
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
			ask(b, server(s), "/api/v1/series?since=24h")
		})
	}
}

func ask(b *testing.B, s *Server, path string) {
	b.Helper()
	h := s.Handler()
	b.ResetTimer()
	for range b.N {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1"+path, nil))
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
		b.ReportMetric(float64(w.Body.Len()), "bytes")
	}
}
