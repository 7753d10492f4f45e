package dashboard

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/benchtest"
	"rtcbench/web"
)

// tab is a page in real Chromium.
type tab struct {
	t   testing.TB
	ctx context.Context
}

// catcher keeps what goes wrong in the page.
const catcher = `window.wrong = [];
addEventListener('error', (e) => wrong.push(e.message || 'a file is missing'), true);
addEventListener('unhandledrejection', (e) => wrong.push(String(e.reason)));
addEventListener('securitypolicyviolation', (e) => wrong.push('policy: ' + e.blockedURI));
for (const level of ['error', 'warn']) console[level] = (...a) => wrong.push(a.join(' '));`

func opensTab(t testing.TB) tab {
	t.Helper()
	benchtest.Heavy(t)
	path := ""
	for _, name := range []string{"chromium-headless-shell", "chromium", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("there is no Chromium: make tools installs one")
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	t.Cleanup(cancel)
	ctx, end := chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, to *chromedp.Target) error {
		return to.Call(ctx, "Page.addScriptToEvaluateOnNewDocument", map[string]string{"source": catcher}, nil)
	}))
	if err != nil {
		t.Fatal(err)
	}
	return tab{t, ctx}
}

func (p tab) open(url string) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.Navigate(url)); err != nil {
		p.t.Fatal(err)
	}
}

// eval gives what an expression, or what it promises, is as text.
func (p tab) eval(expression string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return text
}

// shows waits until the page has an element that selector names, and gives the text of all of them.
func (p tab) shows(selector string) string {
	p.t.Helper()
	return p.eval(fmt.Sprintf(`new Promise((done) => {
		const look = () => {
			const all = [...document.querySelectorAll(%q)];
			if (all.length > 0) done(all.map((e) => e.textContent).join('\n')); else requestAnimationFrame(look);
		};
		look();
	})`, selector))
}

// well fails the test for whatever went wrong in the page.
func (p tab) well(origin string) {
	p.t.Helper()
	if wrong := p.eval(`wrong.join('; ')`); wrong != "" {
		p.t.Errorf("%s: %s", p.eval("location.href"), wrong)
	}
	asked := p.eval(`performance.getEntriesByType('resource').map((e) => e.name).join(' ')`)
	for _, name := range strings.Fields(asked) {
		if !strings.HasPrefix(name, origin) && !strings.HasPrefix(name, "data:") {
			p.t.Errorf("the page has asked for %s", name)
		}
	}
	p.accessible("")
}

// accessible fails the test for what axe finds in the page, by the rules that options name ("" = all of them).
func (p tab) accessible(options string) {
	p.t.Helper()
	axe, err := os.ReadFile("../../web/node_modules/axe-core/axe.min.js")
	if err != nil {
		p.t.Fatal(err)
	}
	faults := p.eval(string(axe) + `; axe.run(` + options + `).then((r) => r.violations
		.filter((v) => ['serious', 'critical'].includes(v.impact))
		.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 120)).join(', ')).join('; '))`)
	if faults != "" {
		p.t.Errorf("%s is not accessible: %s", p.eval("location.href"), faults)
	}
}

// TestThePageShowsTheFigures opens each view in Chromium: what stands there is what the command line says, nothing
// goes wrong, and nothing is asked of others.
func TestThePageShowsTheFigures(t *testing.T) {
	pages, err := web.Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	s := opened(t)
	aDay(t, s)
	srv := New(Options{Open: func() (bench.Store, error) { return s, nil }, Pages: pages, Log: quiet,
		Now: func() time.Time { return noon }})
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(web.Close) // after the browser, which listens for news
	h, err := archive.History(t.Context(), s, bench.Query{Since: noon.Add(-24 * time.Hour)}, noon)
	if err != nil {
		t.Fatal(err)
	}
	p := opensTab(t)
	p.open(web.URL + "/")
	rows := p.shows("table.rows tbody tr")
	for _, c := range h.Courses {
		p50, _ := c.Histogram.Quantile(0.5)
		want := fmt.Sprintf("%.1f", millis(p50))
		if !strings.Contains(rows, c.Location) || !strings.Contains(rows, want) {
			t.Errorf("%s has a P50 of %s ms, and the page shows\n%s", c.Location, want, rows)
		}
	}
	if dots := p.shows("svg.map .label"); !strings.Contains(dots, "fra") || !strings.Contains(dots, "us-east-1") {
		t.Errorf("the map has %s", dots)
	}
	p.well(web.URL)

	p.eval(`document.querySelector('table.rows a').click(); ''`) // the address is the state
	facts := p.shows("dl.facts dd")
	if !strings.Contains(facts, "33.0") || !strings.Contains(p.eval("location.hash"), "view=place") {
		t.Errorf("%s shows %s", p.eval("location.hash"), facts)
	}
	p.shows(".plot canvas")
	p.well(web.URL)

	last := h.Runs[len(h.Runs)-1]
	p.open(web.URL + "/#view=run&id=" + last.ID)
	if title := p.shows(".run h2"); !strings.Contains(title, last.ID[len(last.ID)-8:]) {
		t.Errorf("the run is called %s", title)
	}
	p.shows(".run .plot canvas")
	p.well(web.URL)
	p.eval(`[...document.querySelectorAll('.files a')].find((a) => a.textContent === 'Compare it').click(); ''`)
	p.shows(".sides input")
	if a := p.eval(`document.querySelector('.sides input').value`); a != last.ID {
		t.Errorf("side A of a comparison with the run %s is %s", last.ID, a)
	}

	p.open(web.URL + "/#view=compare&a=location%3Dfra&b=location%3Dus-east-1")
	if verdict := p.shows("p.verdict"); verdict != "A faster" {
		t.Errorf("the verdict is %s", verdict)
	}
	if told := p.shows("main .says"); !strings.Contains(told, "the medians of its runs' own") {
		t.Errorf("it does not say of what kind the percentiles of a side are: %s", told)
	}
	p.well(web.URL)

	// a run that is kept while the page is open
	p.open(web.URL + "/?again#view=runs")
	p.shows(".live.open")
	fresh := benchtest.StoredRun(20, noon.Add(-time.Minute))
	if err := s.Save(t.Context(), bench.NewRecord(fresh)); err != nil {
		t.Fatal(err)
	}
	p.shows(fmt.Sprintf(`a[href*="%s"]`, fresh.ID))
	if struck := p.eval(`['.trusted', '.figure-in'].map((of) => getComputedStyle(
		document.querySelector('tr.invalid ' + of)).textDecorationLine).join(', ')`); struck != "none, line-through" {
		t.Errorf("the verdict and the figures of an invalid run are struck out: %s", struck)
	}
	p.well(web.URL)
}

// TestAFirstVisit: an empty store shows what to type.
func TestAFirstVisit(t *testing.T) {
	pages, err := web.Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	s := opened(t)
	srv := New(Options{Open: func() (bench.Store, error) { return s, nil }, Pages: pages, Log: quiet})
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(web.Close) // after the browser, which listens for news
	p := opensTab(t)
	p.open(web.URL + "/")
	if text := p.shows(".first pre"); text != "rtcbench livekit" {
		t.Errorf("it says to type %s", text)
	}
	p.well(web.URL)
	p.phone()
	for view, shown := range map[string]string{"places": ".first", "mesh": ".first", "runs": ".told",
		"compare": ".told", "live": ".first"} {
		p.open(web.URL + "/?" + view + "#view=" + view)
		p.shows(shown)
		if out := p.eval(outside); out != "" {
			t.Errorf("on a phone %s, where nothing is, has %s", view, out)
		}
	}
}
