package dashboard

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rtcbench/internal/store/sqlite"
)

// BenchmarkViewers is how long answers take while 200 pages watch the pings of 50 places, and how many runs are kept
// meanwhile. The server is a process of its own, which keeps ten runs a second; the pages are in this one. Each page
// does what a page does: it listens, and asks for its view again when runs are kept.
func BenchmarkViewers(b *testing.B) {
	path := filepath.Join(b.TempDir(), "runs.db")
	s, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	f := viewed
	f.until = time.Now()
	f.into(b, s)
	s.Close()
	server := startsServer(b, path)
	for b.Loop() {
		alone := server.during(viewTime, func(context.Context) {})
		var seen views
		watched := server.during(viewTime, func(ctx context.Context) { seen.watch(ctx, b, server.url) })
		if seen.failed.Load() != 0 || len(seen.took) == 0 {
			b.Fatalf("%d answers, %d failed", len(seen.took), seen.failed.Load())
		}
		seen.tell(b)
		b.ReportMetric(float64(len(seen.took))/viewTime.Seconds(), "answers/s")
		b.ReportMetric(float64(seen.events.Load())/viewTime.Seconds(), "events/s")
		b.ReportMetric(watched.cores, "cores")
		b.ReportMetric(alone.cores, "cores-alone")
		b.ReportMetric(watched.kept, "kept/s")
		b.ReportMetric(alone.kept, "kept/s-alone")
		b.ReportMetric(watched.save, "save-P95-ms")
		b.ReportMetric(alone.save, "save-P95-ms-alone")
	}
}

const (
	viewers  = 200
	viewTime = 30 * time.Second
	opening  = 2 * time.Second // the time in which all pages open at once
)

// served is the server's process.
type served struct {
	b      *testing.B
	url    string
	orders io.Writer
	said   *bufio.Scanner
}

func startsServer(b *testing.B, store string) *served {
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), servesVariable+"="+store), os.Stderr
	orders, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	s := &served{b, "", orders, bufio.NewScanner(out)}
	b.Cleanup(func() {
		orders.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	if !s.said.Scan() {
		b.Fatal("the server says nothing")
	}
	s.url = s.said.Text()
	return s
}

// tally is what the server has done so far.
type tally struct {
	CPU   float64   // s
	Saves []float64 // ms that each took since the last tally
}

func (s *served) tally() (t tally) {
	s.b.Helper()
	fmt.Fprintln(s.orders)
	if !s.said.Scan() {
		s.b.Fatal("the server has ended")
	}
	if err := json.Unmarshal(s.said.Bytes(), &t); err != nil {
		s.b.Fatal(err)
	}
	return t
}

// pace is what a server did for a while.
type pace struct{ cores, kept, save float64 }

// during is what the server does while act goes on.
func (s *served) during(length time.Duration, act func(context.Context)) pace {
	s.b.Helper()
	ctx, stop := context.WithTimeout(s.b.Context(), length)
	defer stop()
	begun, before := time.Now(), s.tally()
	act(ctx)
	<-ctx.Done()
	after, took := s.tally(), time.Since(begun).Seconds()
	slices.Sort(after.Saves)
	return pace{(after.CPU - before.CPU) / took, float64(len(after.Saves)) / took,
		after.Saves[len(after.Saves)*95/100]}
}

// views is what pages have seen.
type views struct {
	events, failed atomic.Int64
	begun          time.Time
	mu             sync.Mutex
	took           []looked
}

// looked is an answer: to which view, how long the time had gone on when it was asked for, and how long it took.
type looked struct {
	view     string
	at, took time.Duration
}

// tell reports how long the answers took, and logs the same by view, for the first seconds and for the time after.
func (v *views) tell(b *testing.B) {
	b.Helper()
	took := func(of func(looked) bool) (list []time.Duration) {
		for _, x := range v.took {
			if of(x) {
				list = append(list, x.took)
			}
		}
		slices.Sort(list)
		return list
	}
	part := func(list []time.Duration, percent int) float64 { return millis(list[(len(list)-1)*percent/100]) }
	all := took(func(looked) bool { return true })
	b.ReportMetric(part(all, 50), "P50-ms")
	b.ReportMetric(part(all, 95), "P95-ms")
	kinds := map[string]bool{}
	for _, x := range v.took {
		kinds[x.view] = true
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for _, early := range []bool{true, false} {
			list := took(func(x looked) bool { return x.view == kind && (x.at < opening) == early })
			if len(list) > 0 {
				b.Logf("%-18s first %s: %-5v %5d answers, P50 %8.2f, P95 %8.2f, max %8.2f ms", kind, opening, early,
					len(list), part(list, 50), part(list, 95), part(list, 100))
			}
		}
	}
}

// watch has all pages watch until ctx ends.
func (v *views) watch(ctx context.Context, b *testing.B, url string) {
	var all sync.WaitGroup
	v.begun = time.Now()
	for i := range viewers {
		all.Go(func() {
			// each is somewhere else, for the server limits what one address may ask
			from := &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i))}
			dial := net.Dialer{LocalAddr: from}
			t := &http.Transport{DialContext: dial.DialContext}
			defer t.CloseIdleConnections()
			v.page(ctx, &http.Client{Transport: t}, url, viewOf(i))
		})
	}
	all.Wait()
}

// viewOf is what page i asks for, as web/ui does: most show the places, some one place, the runs, the mesh.
func viewOf(i int) string {
	switch i % 10 {
	case 5, 6:
		return fmt.Sprintf("/api/v1/series?location=place-%05d&since=24h&parts=96", i/5)
	case 7:
		return "/api/v1/runs?since=24h&limit=200"
	case 8:
		return "/api/v1/mesh?since=24h"
	}
	return "/api/v1/overview?since=24h"
}

// page listens, asks, and asks again when it is told of new runs: not at once where it asked a moment ago.
func (v *views) page(ctx context.Context, c *http.Client, url, view string) {
	news := make(chan struct{}, 1)
	var listening sync.WaitGroup
	defer listening.Wait()
	listening.Go(func() { v.listen(ctx, c, url, news) })
	tag := ""
	for ctx.Err() == nil {
		begun := time.Now()
		if tag = v.ask(ctx, c, url+view, tag); ctx.Err() != nil {
			return
		}
		v.mu.Lock()
		kind, _, _ := strings.Cut(view, "?")
		v.took = append(v.took, looked{kind, begun.Sub(v.begun), time.Since(begun)})
		v.mu.Unlock()
		select {
		case <-news:
		case <-ctx.Done():
		}
		select {
		case <-time.After(max(0, 2*time.Second-time.Since(begun)) + time.Duration(rand.Int64N(5e8))):
		case <-ctx.Done():
		}
	}
}

func (v *views) ask(ctx context.Context, c *http.Client, url, tag string) string {
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Accept-Encoding", "gzip") // which is not unpacked then
	r.Header.Set("If-None-Match", tag)
	resp, err := c.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			v.failed.Add(1)
		}
		return ""
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil && ctx.Err() == nil ||
		resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotModified {
		v.failed.Add(1)
	}
	return resp.Header.Get("ETag")
}

func (v *views) listen(ctx context.Context, c *http.Client, url string, news chan<- struct{}) {
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/api/v1/live?pings=true", nil)
	if err != nil {
		panic(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			v.failed.Add(1)
		}
		return
	}
	defer resp.Body.Close()
	for b := make([]byte, 64<<10); ; {
		n, err := resp.Body.Read(b)
		if err != nil {
			return
		}
		v.events.Add(int64(bytes.Count(b[:n], []byte("\n\n"))))
		if strings.Contains(string(b[:n]), "event: kept") {
			select {
			case news <- struct{}{}:
			default:
			}
		}
	}
}
