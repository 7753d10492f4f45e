package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chromedp/chromedp"

	"rtcbench/bench"
	"rtcbench/internal/browser/contract"
	"rtcbench/internal/environment"
)

// JoinConfig is what the page needs to take a seat. Join fills in how long the join may take.
type JoinConfig = contract.JoinConfig

// Page is one participant: a page in a window and a process of its own. Its owner closes it; closing the browser closes
// it, too.
type Page struct {
	ctx     context.Context
	cancel  func()
	pages   *pages
	proxies environment.Environment // see Browser
	gone    <-chan struct{}         // closed when the page has crashed or the browser has
	batches chan contract.Batch
	talks   chan contract.Talk       // of a seat with a voice
	build   string                   // of the browser
	missing map[string]bench.Missing // by what was reached of the join

	hangs atomic.Bool // the page did not answer after its measurement

	mu    sync.Mutex
	phase bench.Missing // of the join

	identity string
	facts    contract.Facts // as they were at the join
}

// Open opens a window for a participant. Nothing is loaded or joined yet. All pages share one cache, so that what a
// platform's library fetches is fetched once. The caller closes the page.
func (b *Browser) Open(ctx context.Context) (*Page, error) {
	return b.open(ctx, func() (context.Context, func()) { return chromedp.NewContext(b.ctx) })
}

// OpenFirst is like Open. The first such page is the tab that the browser has had from its start, which takes less
// time.
func (b *Browser) OpenFirst(ctx context.Context) (*Page, error) {
	if b.first.Swap(true) {
		return b.Open(ctx)
	}
	return b.open(ctx, func() (context.Context, func()) {
		tab, cancel := context.WithCancel(b.ctx)
		return tab, func() { // the browser would end with this tab
			blank, stop := context.WithTimeout(b.ctx, leaveTimeout)
			defer stop()
			chromedp.Do(blank, chromedp.Navigate("about:blank"))
			cancel()
		}
	})
}

func (b *Browser) open(ctx context.Context, newTab func() (context.Context, func())) (*Page, error) {
	tab, cancel := newTab()
	p := &Page{ctx: tab, cancel: cancel, pages: b.pages, proxies: b.proxies, build: b.build,
		batches: make(chan contract.Batch, 1024), talks: make(chan contract.Talk, mostTalks)}
	_, err := call(ctx, p, func(ctx context.Context) (chromedp.Void, error) {
		return chromedp.Void{}, chromedp.Do(ctx,
			chromedp.ExposeFunc("rtcbenchNews", func(_ context.Context, text string) (chromedp.Void, error) {
				return p.news(text)
			}))
	})
	if err == nil {
		p.gone, err = watch(tab)
	}
	if err != nil {
		go cancel()
		return nil, inTime(ctx, fmt.Errorf("open the engine's page: %w", err), pagePhase)
	}
	return p, nil
}

// watch returns a channel that is closed when a page has crashed or its browser is gone.
func watch(tab context.Context) (<-chan struct{}, error) {
	detached, err := chromedp.Detached(tab)
	if err != nil {
		return nil, err
	}
	crashed, unsubscribe := chromedp.FromContext(tab).Target.Subscribe("Inspector.targetCrashed")
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer unsubscribe()
		select {
		case <-detached:
		case <-crashed:
		case <-tab.Done():
		}
	}()
	return gone, nil
}

// call runs f on the page's context. It returns by ctx's end at the latest.
func call[T any](ctx context.Context, p *Page, f func(context.Context) (T, error)) (T, error) {
	type answer struct {
		v   T
		err error
	}
	done := make(chan answer, 1)
	go func() {
		v, err := f(p.ctx)
		done <- answer{v, err}
	}()
	select {
	case a := <-done:
		return a.v, clean(a.err)
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	case <-p.ctx.Done():
		var zero T
		return zero, errors.New("the browser is gone")
	}
}

// clean turns an exception of the page into an error with its message, without the JavaScript around it.
func clean(err error) error {
	var exception *chromedp.ExceptionError
	if !errors.As(err, &exception) {
		return err
	}
	text := err.Error()
	if e := exception.Exception; e != nil && e.Description != "" {
		text = e.Description
	}
	text, _, _ = strings.Cut(text, "\n    at ")
	if answer, ok := strings.CutPrefix(text, "Refusal: "); ok {
		return refusal(answer)
	}
	return thrown(strings.TrimPrefix(text, "Error: "))
}

// refusal is an answer of the platform that says no, in words for people.
type refusal string

func (r refusal) Error() string { return string(r) }

// thrown is the message of an exception in the page.
type thrown string

func (t thrown) Error() string { return string(t) }

// GaveUpError is a join that the platform's library gave up, without an answer of the platform that says why. The error
// has words alone: a caller that needs more asks the platform.
type GaveUpError struct {
	phase bench.Missing
	said  thrown

	Unanswered bool // the platform had sent no answer
}

// Error says what had not happened, and then what the library says.
func (e *GaveUpError) Error() string {
	maybe := strings.TrimPrefix(e.phase.Maybe, "; ")
	return fmt.Sprintf("%s: its library says %.160q%s", e.phase.What, string(e.said), bench.Hint(" (", maybe, ")"))
}

// Unwrap is what the library said.
func (e *GaveUpError) Unwrap() error { return e.said }

// evaluate calls a function of the page with one argument, and waits for the result of its promise.
func evaluate[T any](ctx context.Context, p *Page, function string, argument any) (T, error) {
	text := ""
	if argument != nil {
		data, err := json.Marshal(argument)
		if err != nil {
			var zero T
			return zero, err
		}
		text = string(data)
	}
	return call(ctx, p, func(ctx context.Context) (T, error) {
		return chromedp.Run(ctx, chromedp.Evaluate[T]("window.rtcbench."+function+"("+text+")",
			chromedp.EvalAwaitPromise))
	})
}

// Join loads the platform's page, which may connect to that platform alone, and takes a seat. It returns by ctx's end,
// with a LateError if ctx had a deadline that has passed.
func (p *Page) Join(ctx context.Context, c JoinConfig) error {
	c = asciiHosts(c)
	p.missing = c.Page.Missing
	_, err := call(ctx, p, func(ctx context.Context) (chromedp.Void, error) {
		return chromedp.Void{}, chromedp.Do(ctx, chromedp.Navigate(p.pages.add(c)))
	})
	if err != nil {
		return inTime(ctx, fmt.Errorf("open the engine's page: %w", err), pagePhase)
	}
	p.reached("")
	if deadline, ok := ctx.Deadline(); ok {
		c.Within = float64(time.Until(deadline).Milliseconds())
	}
	refused := proxyRefuses(ctx, c, p.proxies)
	seat, err := evaluate[contract.Seat](ctx, p, "join", c)
	p.identity, p.facts = seat.Identity, seat.Facts
	if err != nil {
		if proxy := refused(); proxy != nil {
			return proxy
		}
	}
	var said thrown
	if ctx.Err() == nil && errors.As(err, &said) {
		at := p.phaseNow()
		return &GaveUpError{phase: at, said: said, Unanswered: at == p.missing[""]}
	}
	return inTime(ctx, err, p.phaseNow())
}

// Abandon closes a page without waiting until it is closed.
func (p *Page) Abandon() { go p.cancel() }

// Identity is the page's name in the room.
func (p *Page) Identity() string { return p.identity }

// Echo makes the page answer pings until it is closed.
func (p *Page) Echo(ctx context.Context) error {
	_, err := evaluate[any](ctx, p, "echo", nil)
	return err
}

// Ended says why the page's seat is lost; "" = it is not.
func (p *Page) Ended(ctx context.Context) (string, error) {
	return evaluate[string](ctx, p, "ended", nil)
}

// Others is how many participants are in the room beside this one.
func (p *Page) Others(ctx context.Context) (int, error) {
	return evaluate[int](ctx, p, "others", nil)
}

// Answered is how many pings the page's echo has had.
func (p *Page) Answered(ctx context.Context) (int, error) {
	return evaluate[int](ctx, p, "answered", nil)
}

// Held says of the last audio pings that the page's echo has answered how long each was held: by the browser, from the
// frame's receiveTime until the page had the frame, and by the page itself.
func (p *Page) Held(ctx context.Context) (browser, own []time.Duration, err error) {
	list, err := evaluate[[][2]float64](ctx, p, "held", nil)
	for _, h := range list {
		browser, own = append(browser, fromMillis(h[0])), append(own, fromMillis(h[1]))
	}
	return browser, own, err
}

// leaveTimeout bounds how long a page may take to leave its room.
const leaveTimeout = 2 * time.Second

// Close leaves the room and closes the page. It does not wait for a page that hangs, which ends with its browser.
func (p *Page) Close() error {
	if p.hangs.Load() {
		p.Abandon()
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	var err error
	select {
	case <-p.gone: // the page has ended by itself
	default:
		_, err = evaluate[any](ctx, p, "leave", nil)
	}
	closed := make(chan struct{})
	go func() { p.cancel(); close(closed) }()
	select {
	case <-closed:
	case <-ctx.Done():
	}
	return err
}
