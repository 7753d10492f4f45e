package measure

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/echo"
)

// secretName is a room's name that nobody can guess: 130 random bits.
func secretName() string { return "rtcbench-" + strings.ToLower(rand.Text()) }

// NativeHost makes rooms on a platform, with an echo of the native engine in each.
type NativeHost struct {
	Platform bench.Platform
	Place    bench.Place // with a key
	Within   time.Duration
	Clock    bench.Clock
	Meter    *echo.Meter
}

// Open implements echo.Host.
func (h NativeHost) Open(ctx context.Context, life time.Duration, class bench.TransportClass) (echo.Place,
	error) {
	place, err := toInvite(h.Platform, h.Place, class)
	if err != nil {
		return nil, err
	}
	p := &nativePlace{meeting: h.Platform.Meet(place, life), lost: make(chan struct{}), done: make(chan struct{})}
	if err := p.meeting.Open(ctx); err != nil {
		return nil, err
	}
	answering, stop := context.WithCancel(context.Background())
	p.stop = stop
	ready, name := make(chan struct{}), bench.NewIdentity(bench.Answerer)
	isReady := sync.OnceFunc(func() { close(ready) })
	var failed error
	go func() {
		defer close(p.done)
		failed = echo.Serve(answering, echo.Seat{
			Join: func(joining context.Context) (bench.Session, error) {
				return Join(joining, h.Platform, p.meeting, bench.Answerer, name,
					bench.JoinOptions{ReconnectTimeout: echo.Patience})
			},
			Clock: h.Clock, Within: h.Within,
			Ready: func(s bench.Session) { p.session.Store(&s); isReady() },
			Lost:  func(error) {},
			Held:  func(d time.Duration) { p.pinged.Store(time.Now().UnixNano()); h.Meter.Held(d) },
		})
	}()
	select {
	case <-ready:
		return p, nil
	case <-p.done:
		stop()
		return nil, failed
	case <-ctx.Done():
		stop()
		<-p.done
		return nil, context.Cause(ctx)
	}
}

type nativePlace struct {
	meeting bench.Meeting
	stop    context.CancelFunc
	session atomic.Pointer[bench.Session]
	pinged  atomic.Int64 // Unix ns of the last ping
	lost    chan struct{}
	done    chan struct{} // the echo has left
}

// invite is how a guest joins a meeting.
func invite(m bench.Meeting) (echo.Room, error) {
	seat, err := m.Seat(bench.Guest, bench.NewIdentity(bench.Runner))
	return echo.Room{URL: seat.URL, Name: seat.Name, Token: seat.Token}, err
}

// Invite implements echo.Place.
func (p *nativePlace) Invite() (echo.Room, error) { return invite(p.meeting) }

// lateNews is how late a server may tell of a participant who sends no media.
const lateNews = 4 * time.Second

// Others implements echo.Place.
func (p *nativePlace) Others(context.Context) int {
	s, ok := (*p.session.Load()).(interface{ Others() int })
	switch {
	case !ok:
		return -1
	case time.Since(time.Unix(0, p.pinged.Load())) < lateNews:
		return max(1, s.Others())
	}
	return s.Others()
}

// Again implements echo.Place. It gives up the seat unless pings were answered already, and Serve takes a new seat.
func (p *nativePlace) Again(context.Context) error {
	if p.pinged.Load() != 0 {
		return nil
	}
	return (*p.session.Load()).Close()
}

// Lost implements echo.Place: a seat that is lost is taken again until the room ends.
func (p *nativePlace) Lost() <-chan struct{} { return p.lost }

// Close implements echo.Place.
func (p *nativePlace) Close(ctx context.Context) error {
	p.stop()
	<-p.done
	return p.meeting.Delete(ctx)
}

// PageHost makes rooms on a platform. The echo in each room is a page of one browser.
type PageHost struct {
	Platform bench.Platform
	Place    bench.Place // with a key
	Within   time.Duration
	Browser  *browser.Browser
}

// removeTimeout bounds the removal of a room in which nobody answers.
const removeTimeout = 15 * time.Second

// Open implements echo.Host.
func (h PageHost) Open(ctx context.Context, life time.Duration, class bench.TransportClass) (echo.Place,
	error) {
	place, err := toInvite(h.Platform, h.Place, class)
	if err != nil {
		return nil, err
	}
	p := &pagePlace{meeting: h.Platform.Meet(place, life), lost: make(chan struct{}), stop: make(chan struct{})}
	err = p.meeting.Open(ctx)
	if err == nil {
		p.sit = func(ctx context.Context) (*browser.Page, error) {
			return Sit(ctx, h.Browser, h.Platform, p.meeting, h.Within)
		}
		p.page, err = p.sit(ctx)
	}
	if err != nil {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
		defer cancel()
		return nil, errors.Join(err, p.meeting.Delete(bye))
	}
	go p.watch()
	return p, nil
}

// Sit takes a seat within a time, and makes the page answer pings until the page is closed. The caller closes the page.
func Sit(ctx context.Context, b *browser.Browser, p bench.Platform, m bench.Meeting, within time.Duration) (
	*browser.Page, error) {
	joining, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	page, err := Open(joining, b, p, m, bench.Answerer, "")
	if err == nil {
		err = page.Echo(ctx)
	}
	switch {
	case err == nil:
		return page, nil
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case joining.Err() != nil:
		err = &LateError{within, bench.Browser, err}
	}
	leave(page)
	return nil, err
}

type pagePlace struct {
	meeting bench.Meeting
	sit     func(context.Context) (*browser.Page, error)
	lost    chan struct{}
	stop    chan struct{}
	stopped sync.Once

	mu   sync.Mutex    // held while the seat is taken anew
	page *browser.Page // nil = the seat could not be taken anew
}

// Invite implements echo.Place.
func (p *pagePlace) Invite() (echo.Room, error) { return invite(p.meeting) }

// Others implements echo.Place.
func (p *pagePlace) Others(ctx context.Context) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.page == nil {
		return -1
	}
	n, err := p.page.Others(ctx)
	if err != nil {
		return -1
	}
	return n
}

// Again implements echo.Place.
func (p *pagePlace) Again(ctx context.Context) (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.page.Answered(ctx)
	if n > 0 || err != nil {
		return err
	}
	leave(p.page)
	p.page, err = p.sit(ctx)
	return err
}

// Lost implements echo.Place.
func (p *pagePlace) Lost() <-chan struct{} { return p.lost }

// LookInterval is how often a page that answers is asked whether it still has its seat.
const LookInterval = 500 * time.Millisecond

// watch looks whether the page still has its seat.
func (p *pagePlace) watch() {
	look := time.NewTicker(LookInterval)
	defer look.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-look.C:
		}
		ended := p.ended()
		select {
		case <-p.stop:
			return
		default:
		}
		if ended {
			close(p.lost)
			return
		}
	}
}

func (p *pagePlace) ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.page == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*LookInterval)
	defer cancel()
	why, err := p.page.Ended(ctx)
	return why != "" || err != nil
}

// Close implements echo.Place.
func (p *pagePlace) Close(ctx context.Context) error {
	p.stopped.Do(func() { close(p.stop) })
	p.mu.Lock()
	leave(p.page)
	p.mu.Unlock()
	return p.meeting.Delete(ctx)
}

var (
	_ echo.Host = NativeHost{}
	_ echo.Host = PageHost{}
)
