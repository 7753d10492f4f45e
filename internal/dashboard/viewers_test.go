package dashboard

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rtcbench/internal/live"
)

// BenchmarkViewers is how long answers take while 200 pages watch pings, ten events a second each. The pages are in the
// same process, on the same processors.
func BenchmarkViewers(b *testing.B) {
	s := opened(b)
	filling{series: 50, runs: 288, every: 5 * time.Minute, pings: 120}.into(b, s)
	srv := server(s)
	srv.Live = func(ctx context.Context, on func(live.Pings)) error {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
				on(live.Pings{Run: "one", List: []live.Ping{{}}})
			}
		}
	}
	start := time.Now()
	srv.Now = func() time.Time { return noon.Add(time.Since(start)) } // by which who asks too often is told
	web := httptest.NewServer(srv.Handler())
	defer web.Close()
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0}}
	defer client.CloseIdleConnections()
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	var pages sync.WaitGroup
	var events atomic.Int64
	for range 200 {
		pages.Go(func() {
			r, err := http.NewRequestWithContext(ctx, "GET", web.URL+"/api/v1/live?pings=true", nil)
			if err != nil {
				b.Error(err)
				return
			}
			resp, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			defer resp.Body.Close()
			for lines := bufio.NewReader(resp.Body); ; {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if len(line) > 6 && line[:6] == "event:" {
					events.Add(1)
				}
			}
		})
	}
	var took []time.Duration
	begun := time.Now()
	for b.Loop() {
		at := time.Now()
		resp, err := client.Get(web.URL + []string{"/api/v1/series?since=24h", "/api/v1/history?last=50"}[len(took)%2])
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
			b.Fatal(resp.Status, err)
		}
		resp.Body.Close()
		took = append(took, time.Since(at))
		time.Sleep(50 * time.Millisecond)
	}
	b.ReportMetric(float64(events.Load())/time.Since(begun).Seconds(), "events/s")
	slices.Sort(took)
	b.ReportMetric(millis(took[len(took)/2]), "P50-ms")
	b.ReportMetric(millis(took[len(took)*95/100]), "P95-ms")
	stop()
	pages.Wait()
}
