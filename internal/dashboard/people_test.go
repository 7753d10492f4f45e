package dashboard

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/web"
)

// presses a key as a keyboard does.
func (p tab) presses(key string, code int, text string) {
	p.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		event := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
		if text != "" && kind == "keyDown" {
			event["text"] = text
		}
		err := chromedp.Do(p.ctx, chromedp.Func(func(ctx context.Context, to *chromedp.Target) error {
			return to.Call(ctx, "Input.dispatchKeyEvent", event, nil)
		}))
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// numbered gives each control that a mouse can reach a number, and says how many there are.
const numbered = `(() => { let n = 0;
	for (const e of document.querySelectorAll('a[href], button, select, input, summary, [tabindex="0"]'))
		if (e.checkVisibility({contentVisibilityAuto: true})) e.dataset.reach = n++;
	return String(n); })()`

// reached is the number of what has the focus now, and whether it can be seen that it has.
const reached = `(() => { const e = document.activeElement, s = getComputedStyle(e);
	return (e.dataset?.reach ?? 'none') + (s.outlineStyle === 'none' && e !== document.body ? ' unseen' : ''); })()`

// walks goes through the page by the tab key alone, until it is round.
func (p tab) walks() {
	p.t.Helper()
	total := p.eval(numbered)
	seen := map[string]bool{}
	for range 400 {
		p.presses("Tab", 9, "")
		at := p.eval(reached)
		if number, unseen := strings.CutSuffix(at, " unseen"); unseen {
			p.t.Errorf("%s: control %s has the focus, and does not look it", p.eval("location.hash"), number)
			return
		}
		if at == "none" { // round, from where the focus was last
			continue
		}
		if seen[at] {
			break
		}
		seen[at] = true
	}
	if got := fmt.Sprint(len(seen)); got != total {
		missing := p.eval(`[...document.querySelectorAll('[data-reach]')].map((e) => e.dataset.reach + ' ' +
			e.outerHTML.slice(0, 80)).join('\n')`)
		p.t.Errorf("%s: the keyboard reaches %s controls of %s\n%s", p.eval("location.hash"), got, total, missing)
	}
}

// TestByKeyboard: the tab key alone reaches everything that a mouse does, in each view, and it shows where it is; Enter
// follows links, also those of the map.
func TestByKeyboard(t *testing.T) {
	pages, err := web.Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	s := opened(t)
	aDay(t, s)
	srv := New(Options{Open: func() (bench.Store, error) { return s, nil }, Pages: pages, Log: quiet,
		Now: func() time.Time { return noon }})
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(web.Close)
	p := opensTab(t)
	p.open(web.URL + "/")
	p.shows("svg.map .label")
	p.walks()
	p.eval(`document.querySelector('svg.map a').focus(); ''`)
	p.presses("Enter", 13, "\r")
	p.shows(".plot canvas")
	if hash := p.eval("location.hash"); !strings.Contains(hash, "view=place") {
		t.Errorf("Enter at a dot of the map leads to %s", hash)
	}
	p.walks()
	for view, what := range map[string]string{
		"runs": "table.rows tbody tr", "live": ".now .first", "mesh": ".first",
		"compare&a=location%3Dfra&b=location%3Dus-east-1": "svg.forest",
	} {
		p.open(web.URL + "/?" + view[:4] + "#view=" + view)
		p.shows(what)
		p.walks()
	}
	p.eval(`document.querySelector('nav a').focus(); ''`)
	p.presses("Enter", 13, "\r")
	p.shows("svg.map .label")
}

// TestTheServerIsKilled: the page says so, and comes back by itself with what was kept meanwhile.
func TestTheServerIsKilled(t *testing.T) {
	pages, err := web.Dashboard()
	if err != nil {
		t.Fatal(err)
	}
	s := opened(t)
	aDay(t, s)
	start := func(address string) (at string, kill func()) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		srv := New(Options{Open: func() (bench.Store, error) { return s, nil }, Pages: pages, Log: quiet,
			Now: func() time.Time { return noon }})
		web := &http.Server{Handler: srv.Handler()}
		done := make(chan error, 1)
		go func() { done <- web.Serve(l) }()
		return l.Addr().String(), func() { web.Close(); <-done } // every connection is cut
	}
	address, kill := start("127.0.0.1:0")
	p := opensTab(t)
	p.open("http://" + address + "/#view=runs")
	p.shows(".live.open")
	p.shows("table.rows tbody tr")
	kill()
	if said := p.shows(".live.lost"); !strings.Contains(said, "does not answer") {
		t.Errorf("it says %s", said)
	}
	for _, view := range []string{"mesh", "fleet"} {
		p.eval(`location.hash = '#view=` + view + `'; ''`)
		p.shows(".told.bad")
	}
	p.eval(`location.hash = '#view=places'; ''`)
	if said := p.shows(".told.bad"); !strings.Contains(said, "comes back by itself") {
		t.Errorf("a view that asks meanwhile says %s", said)
	}
	fresh := benchtest.StoredRun(20, noon.Add(-time.Minute))
	fresh.Location = "kept-meanwhile"
	if err := s.Save(t.Context(), bench.NewRecord(fresh)); err != nil {
		t.Fatal(err)
	}
	_, kill = start(address)
	t.Cleanup(kill)
	p.shows(".live.open")
	p.shows(`a[href*="location=kept-meanwhile"]`)
	if p.eval(`String(document.querySelectorAll('.told.bad').length)`) != "0" {
		t.Error("the page still says that nobody answers")
	}
}
