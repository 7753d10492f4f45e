package dashboard

import (
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/store/sqlite"
	"rtcbench/web"
)

// BenchmarkDrawn is how long Chromium takes from the navigation to a view until it is painted: the map of 10,000
// series, and a place with 8,640 runs over 30 days, of four places that have as many. Of each the first visit to a
// server that has read the last day, and the middle of five more, for which the browser has the script already.
func BenchmarkDrawn(b *testing.B) {
	for _, x := range []struct {
		name string
		of   filling
		view func(first string) string
		seen string // what has to be there
	}{
		{"map/10000", filling{series: 10_000, runs: 2, every: time.Hour, pings: 60, mapped: true},
			func(string) string { return "" }, `document.querySelectorAll('svg.map .dot').length >= 50 &&
				document.querySelectorAll('table.rows tbody tr').length === 100`},
		{"place/8640", filling{series: 4, runs: 8640, every: 5 * time.Minute, pings: 120, mapped: true},
			func(first string) string { return "#view=place&since=30d&location=" + first },
			`document.querySelectorAll('.plot canvas').length >= 5`},
	} {
		b.Run(x.name, func(b *testing.B) {
			x.of.until = time.Now()
			path := filepath.Join(b.TempDir(), "runs.db")
			s, err := sqlite.Open(b.Context(), path)
			if err != nil {
				b.Fatal(err)
			}
			x.of.into(b, s)
			s.Close()
			first, err := x.of.template(0, 0)
			if err != nil {
				b.Fatal(err)
			}
			url := servesPages(b, path)
			p := opensTab(b)
			view := url + "/" + x.view(first.packed.Series.Location)
			for b.Loop() {
				begun := p.drawn(view, x.seen)
				b.ReportMetric(begun.Drawn, "first-ms")
				var took []drawn
				for range 5 {
					took = append(took, p.drawn(view, x.seen))
				}
				slices.SortFunc(took, func(a, b drawn) int { return int(1000 * (a.Drawn - b.Drawn)) })
				b.ReportMetric(took[2].Drawn, "drawn-ms")
				b.ReportMetric(took[4].Drawn, "slowest-ms")
				b.ReportMetric(took[2].Answered, "answered-ms")
				b.ReportMetric(begun.Bytes, "answer-bytes")
			}
		})
	}
}

// servesPages serves the store of a file as rtcbench ui does, once it has read the last day, and gives its address.
func servesPages(b *testing.B, store string) string {
	pages, err := web.Dashboard()
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := New(Options{Open: func() (bench.Store, error) { return sqlite.OpenToRead(b.Context(), store) }, Pages: pages,
		Log: quiet})
	if err := srv.Warm(b.Context()); err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(b.Context(), l) }()
	b.Cleanup(func() {
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// drawn is when a view was there, in ms after the navigation began.
type drawn struct {
	Answered float64 // the last byte of the interface's longest answer
	Drawn    float64
	Bytes    float64 // of that answer, as it was sent
}

// drawn opens url and waits until what has to be there is painted: the frame after the one that drew it has begun.
func (p tab) drawn(url, seen string) (d drawn) {
	p.t.Helper()
	p.open("about:blank")
	p.open(url)
	text := p.eval(fmt.Sprintf(`new Promise((done) => {
		const look = () => {
			if (!(%s)) return requestAnimationFrame(look);
			requestAnimationFrame(() => setTimeout(() => {
				const at = performance.now();
				const asked = performance.getEntriesByType('resource').filter((e) => e.name.includes('/api/v1/') &&
					!e.name.includes('/live')).toSorted((a, b) => b.encodedBodySize - a.encodedBodySize)[0];
				done(JSON.stringify({Drawn: at, Answered: asked.responseEnd, Bytes: asked.encodedBodySize}));
			}));
		};
		look();
	})`, seen))
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		p.t.Fatal(strconv.Quote(text), err)
	}
	return d
}
