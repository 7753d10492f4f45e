package dashboard

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/store/sqlite"
	"rtcbench/web"
)

// calls sends one command of Chromium's protocol.
func (p tab) calls(method string, params map[string]any) {
	p.t.Helper()
	err := chromedp.Do(p.ctx, chromedp.Func(func(ctx context.Context, to *chromedp.Target) error {
		return to.Call(ctx, method, params, nil)
	}))
	if err != nil {
		p.t.Fatal(err)
	}
}

// scheme is light or dark.
func (p tab) scheme(name string) {
	p.t.Helper()
	p.calls("Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]any{{"name": "prefers-color-scheme", "value": name}}})
}

// phone makes the screen that of a phone.
func (p tab) phone() {
	p.t.Helper()
	size := map[string]any{"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": true}
	p.calls("Emulation.setDeviceMetricsOverride", size)
}

// runsOfKinds are runs that have pictures of their own, by what they are.
func runsOfKinds() map[string]bench.Run {
	audio := benchtest.Audio(300)
	audio.Clocks, audio.Facts.Engine = bench.OneClock, bench.Browser
	for i := range audio.Samples {
		if audio.Samples[i].Stamped {
			audio.Samples[i].Up -= 3 * time.Second
		}
	}
	audio.Media = &bench.Media{}
	for i := range 20 {
		b := bench.NoiseBurst{Seq: i + 1, At: quantity(3000 * i), Buffer: quantity(40), Played: 144_000}
		if i != 7 { // which nobody heard
			b.Ear, b.Match = quantity(180+i), 0.9
		}
		audio.Media.Bursts = append(audio.Media.Bursts, b)
	}
	message := benchtest.Run(200)
	message.Clocks = bench.OneClock
	for i := range message.Samples {
		if message.Samples[i].Stamped {
			message.Samples[i].Up -= 3 * time.Second
		}
	}
	invalid := benchtest.Run(100)
	invalid.Facts.Hidden = true
	all := map[string]bench.Run{"message": message, "audio": audio, "turns": benchtest.Turns(),
		"marked": benchtest.MarkedTurns(true), "invalid": invalid}
	for name, r := range all {
		length := r.End.Sub(r.Start)
		r.ID, r.Location = "019ab000-0000-7000-8000-"+fmt.Sprintf("%012x", name[:3]), "kinds"
		r.End = noon.Add(-time.Duration(len(name)) * time.Minute)
		r.Start, r.Facts.ICE = r.End.Add(-length), nil
		all[name] = r
	}
	return all
}

func quantity(ms int) bench.Quantity {
	return bench.Quantity{D: time.Duration(ms) * time.Millisecond, OK: true}
}

// meshed keeps a run an hour of some hours, of each of three places against each other; one pair has only invalid runs,
// and one has none.
func meshed(t testing.TB, s bench.WholeSaver) {
	t.Helper()
	places := []string{"fra", "iad", "sin"}
	var list []bench.Record
	for i, from := range places {
		for j, to := range places {
			if i == j || i == 2 && j == 1 {
				continue
			}
			for h := range 4 {
				r := benchtest.StoredRun(60, noon.Add(-time.Duration(h)*time.Hour-10*time.Minute))
				r.Location, r.Echo.Place, r.Facts.Hidden = from, to, i == 1 && j == 2
				for k := range r.Samples {
					if r.Samples[k].Outcome == bench.Answered {
						r.Samples[k].RTT = time.Duration(30+100*(i+j)+(h+k)%9) * time.Millisecond
					}
				}
				list = append(list, bench.NewRecord(r))
			}
		}
	}
	if _, err := s.SaveAll(t.Context(), list); err != nil {
		t.Fatal(err)
	}
}

// shownAt gives the address of a page that shows a store with something for each view, as a hub does.
func shownAt(t *testing.T) (url string, s *sqlite.Store) {
	t.Helper()
	pages, err := web.Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	s = opened(t)
	aDay(t, s)
	meshed(t, s)
	for _, r := range runsOfKinds() {
		if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
	}
	heard, bound := float64(noon.Unix()-5), 1.5
	srv := New(Options{Open: func() (bench.Store, error) { return s, nil }, Pages: pages, Log: quiet,
		Now: func() time.Time { return noon },
		Fleet: func() Fleet {
			return Fleet{Now: float64(noon.Unix()), Version: "1", Places: []FleetSeat{
				{Name: "fra-1", Location: "fra", State: "well", HeardAt: &heard, Version: "1", LastRun: &heard,
					Verdict: "valid", Offset: &bound, Bound: &bound},
				{Name: "iad-1", Location: "iad", State: "silent", HeardAt: &heard, Error: "no echo answered"}}}
		}})
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(web.Close)
	return web.URL, s
}

// everyView is each view by its address, with what it shows when it is drawn.
func everyView() map[string]string {
	all := map[string]string{
		"places": "svg.map .label", "place&location=fra&echo_place=none": ".plot canvas", "mesh": "svg.mesh .cell",
		"runs": "table.rows tbody tr", "live": ".now .first", "fleet": "table.fleet tbody tr",
		"compare": ".suggested a",
		"compare&a=location%3Dfra,echo-place%3Dnone&b=location%3Dus-east-1": "svg.forest",
	}
	for name, r := range runsOfKinds() {
		all["run&id="+r.ID] = map[string]string{"turns": "svg.turns"}[name]
		if name != "turns" {
			all["run&id="+r.ID] = ".run .plot canvas"
		}
	}
	return all
}

// outside is what a phone does not show of a page: what is wider than the screen, pictures that one has to push aside
// (the map alone has to be), texts that are cut off or tiny, and keys of colours that stand in a line by themselves and
// not at its beginning. The page is drawn anew for the phone, for which it has some hundred frames.
const outside = `new Promise((done) => {
	const root = document.documentElement, all = (of) => [...document.querySelectorAll(of)];
	const box = (e) => e.getBoundingClientRect();
	const size = (e) => e.getScreenCTM().a * parseFloat(getComputedStyle(e).fontSize);
	const wrong = () => [
		...(root.scrollWidth > root.clientWidth ? ['a width of ' + root.scrollWidth] : []),
		...all('.wide:not(:has(.map))').filter((e) => e.scrollWidth > e.clientWidth).map((e) =>
			e.querySelector('svg').getAttribute('aria-label') + ', beyond its edge'),
		...all('svg.picture:not(.map) text').filter((e) => box(e).left < box(e.ownerSVGElement).left - 0.5 ||
			box(e).right > box(e.ownerSVGElement).right + 0.5).map((e) => e.textContent + ', cut off'),
		...all('svg.picture text:not([transform])').filter((e) => size(e) < 9).map((e) =>
			e.textContent + ', too small to be read'),
		...all('.says > .key, .says > .marks, .says > .band').filter((e) => {
			const by = box(e).left - box(e.parentElement).left;
			return by > 0.5 && by < 15;
		}).map((e) => e.textContent + ', not at the beginning of its line'),
	].join('; ');
	let frames = 0;
	const look = () => wrong() === '' || frames++ > 200 ? done(wrong()) : requestAnimationFrame(look);
	look();
})`

// TestEveryView: each view is reached by the keyboard alone and fits a phone; in light and dark axe finds nothing
// serious, nothing goes wrong in the page, and nothing is asked of others.
func TestEveryView(t *testing.T) {
	url, _ := shownAt(t)
	p := opensTab(t)
	n := 0
	for view, what := range everyView() {
		n++
		p.scheme("light")
		p.open(fmt.Sprintf("%s/?%d#view=%s", url, n, view))
		p.shows(what)
		p.well(url)
		p.walks()
		p.scheme("dark")
		p.accessible(`{runOnly: ['color-contrast']}`)
		p.phone()
		if out := p.eval(outside); out != "" {
			p.t.Errorf("on a phone %s has %s", view, out)
		}
		p.calls("Emulation.clearDeviceMetricsOverride", map[string]any{})
	}
}

// TestTheAddressIsTheState: what is chosen stands in the address, the back button takes it back, and who opens the
// address sees the same.
func TestTheAddressIsTheState(t *testing.T) {
	url, _ := shownAt(t)
	p := opensTab(t)
	p.open(url + "/")
	p.shows("table.rows tbody tr")
	choose := `(() => { const e = [...document.querySelectorAll('.filters label')].find((l) =>
		l.textContent.startsWith(%q)).querySelector('select'); e.value = %q;
		e.dispatchEvent(new Event('change')); return ''; })()`
	p.eval(fmt.Sprintf(choose, "time", "7d"))
	p.shows("th button")
	p.eval(`[...document.querySelectorAll('th button')].find((b) => b.textContent.startsWith('P95')).click(); ''`)
	p.shows(`th[aria-sort="descending"]`)
	first := p.eval(`document.querySelector('table.rows tbody tr').textContent`)
	hash := p.eval("location.hash")
	if !strings.Contains(hash, "since=7d") || !strings.Contains(hash, "sort=-P95") {
		t.Errorf("the address is %s", hash)
	}
	p.eval(`document.querySelector('table.rows a').click(); ''`)
	p.shows(".plot canvas")
	p.eval(`history.back(); ''`)
	p.shows(`th[aria-sort="descending"]`)
	if at := p.eval("location.hash"); at != hash {
		t.Errorf("the back button leads to %s, from a place to which %s led", at, hash)
	}
	p.open(url + "/?again" + hash)
	p.shows(`th[aria-sort="descending"]`)
	if again := p.eval(`document.querySelector('table.rows tbody tr').textContent`); again != first {
		t.Errorf("opened again the first line is\n%s\nand was\n%s", again, first)
	}
	if title := p.eval("document.title"); title != "places · rtcbench" {
		t.Errorf("the tab is called %s", title)
	}
}

// TestTheMeshShowsTheFigures: each cell has what rtcbench history prints for the same pair, pairs without a valid run
// look it, and a run that is kept while the page is open appears.
func TestTheMeshShowsTheFigures(t *testing.T) {
	url, s := shownAt(t)
	h, err := archive.History(t.Context(), s, bench.Query{Since: noon.Add(-24 * time.Hour)}, noon)
	if err != nil {
		t.Fatal(err)
	}
	p := opensTab(t)
	p.open(url + "/#view=mesh")
	titles := p.shows("svg.mesh a title")
	pairs := 0
	for _, c := range h.Courses {
		if c.Echo == bench.NoPlace {
			continue
		}
		pairs++
		want := fmt.Sprintf("%s to %s: P50 – ms", c.Location, c.Echo)
		if p50, ok := c.Histogram.Quantile(0.5); ok {
			p95, _ := c.Histogram.Quantile(0.95)
			want = fmt.Sprintf("%s to %s: P50 %s ms", c.Location, c.Echo, digits(millis(p50)))
			if end := fmt.Sprintf(", P95 %s ms", digits(millis(p95))); !strings.Contains(titles, end) {
				t.Errorf("no cell has%s, and the mesh has\n%s", end, titles)
			}
		}
		if !strings.Contains(titles, want) {
			t.Errorf("no cell says %s, and the mesh has\n%s", want, titles)
		}
	}
	if n := len(strings.Split(titles, "\n")); n != pairs || pairs != 5 {
		t.Errorf("%d cells for %d pairs", n, pairs)
	}
	if text := p.shows("svg.mesh a:has(.cell.invalid) text"); text != "✕ invalid" {
		t.Errorf("the pair with invalid runs alone says %s", text)
	}
	fresh := benchtest.StoredRun(20, noon.Add(-time.Minute))
	fresh.Location, fresh.Echo.Place = "sin", "iad"
	p.shows(".live.open")
	if err := s.Save(t.Context(), bench.NewRecord(fresh)); err != nil {
		t.Fatal(err)
	}
	p.shows(`svg.mesh a[href*="location=sin"][href*="echo_place=iad"]`)
}

// digits are milliseconds as the page writes them.
func digits(ms float64) string {
	switch {
	case ms >= 100:
		return fmt.Sprintf("%.0f", ms)
	case ms >= 10:
		return fmt.Sprintf("%.1f", ms)
	}
	return fmt.Sprintf("%.2f", ms)
}
