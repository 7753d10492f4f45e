package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/result"
)

// secretName is a room's name that nobody can guess: 130 random bits.
func secretName() string { return "rtcbench-" + strings.ToLower(rand.Text()) }

// livekitHost makes rooms on a LiveKit server.
type livekitHost struct {
	seats  seats // with a key
	within time.Duration
	clock  bench.Clock
	meter  *echo.Meter
}

// Open implements echo.Host.
func (h livekitHost) Open(ctx context.Context, life time.Duration) (echo.Place, error) {
	h.seats.room, h.seats.life = secretName(), life
	token, err := h.seats.key.Mint(h.seats.room, identity("runner"), life)
	if err != nil {
		return nil, err
	}
	answering, stop := context.WithCancel(context.Background())
	p := &livekitPlace{seats: h.seats, token: token, stop: stop, lost: make(chan struct{}), done: make(chan struct{})}
	ready, name := make(chan struct{}), identity("echo")
	isReady := sync.OnceFunc(func() { close(ready) })
	var failed error
	go func() {
		defer close(p.done)
		failed = echo.Serve(answering, echo.Seat{
			Join: func(joining context.Context) (bench.Session, error) {
				opts := bench.JoinOptions{ReconnectTimeout: echo.Patience}
				return h.seats.join(joining, name, limit{within: h.within}, opts)
			},
			Clock: h.clock, Within: h.within,
			Ready: func(s bench.Session) { p.session.Store(&s); isReady() },
			Lost:  func(error) {},
			Held:  func(d time.Duration) { p.pinged.Store(time.Now().UnixNano()); h.meter.Held(d) },
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

type livekitPlace struct {
	seats   seats
	token   string // a runner's
	stop    context.CancelFunc
	session atomic.Pointer[bench.Session]
	pinged  atomic.Int64 // Unix ns of the last ping
	lost    chan struct{}
	done    chan struct{} // the echo has left
}

// Invite implements echo.Place.
func (p *livekitPlace) Invite(in *echo.Invitation) {
	in.Livekit = &echo.LivekitRoom{ServerURL: p.seats.url, Name: p.seats.room, Token: p.token}
}

// lateNews is how late a LiveKit server may tell of a participant who sends no media.
const lateNews = 4 * time.Second

// Others implements echo.Place.
func (p *livekitPlace) Others(context.Context) int {
	s, ok := (*p.session.Load()).(interface{ Others() int })
	switch {
	case !ok:
		return -1
	case time.Since(time.Unix(0, p.pinged.Load())) < lateNews:
		return max(1, s.Others())
	}
	return s.Others()
}

// Again implements echo.Place: Serve takes a seat that was lost anew.
func (p *livekitPlace) Again(context.Context) error {
	if p.pinged.Load() != 0 {
		return nil
	}
	return (*p.session.Load()).Close()
}

// Lost implements echo.Place: a seat on LiveKit is taken again until the room ends.
func (p *livekitPlace) Lost() <-chan struct{} { return p.lost }

// Close implements echo.Place.
func (p *livekitPlace) Close(ctx context.Context) error {
	p.stop()
	<-p.done
	return p.seats.key.DeleteRoom(ctx, p.seats.url, p.seats.room)
}

// dailyHost makes rooms on Daily. The echoes are pages of one browser.
type dailyHost struct {
	client    *daily.Client
	geo       string
	bundleURL string
	within    time.Duration
	browser   *browser.Browser
}

// Open implements echo.Host.
func (h dailyHost) Open(ctx context.Context, life time.Duration) (echo.Place, error) {
	end := time.Now().Add(life)
	// Public: a runner of the original tool joins by the URL alone.
	room, err := h.client.CreatePublicRoom(ctx, secretName(), end, h.geo)
	if err != nil {
		return nil, err
	}
	job := browserJob{within: h.within, where: "Daily room " + result.CleanURL(room.URL), config: func(role string) (browser.JoinConfig, error) {
		return browser.JoinConfig{Platform: "daily", URL: room.URL, BundleURL: h.bundleURL, UserName: identity(role)}, nil
	}}
	p := &dailyPlace{client: h.client, room: room, lost: make(chan struct{}), stop: make(chan struct{})}
	p.sit = func(ctx context.Context) (*browser.Page, error) {
		page, err := job.take(ctx, h.browser, "echo")
		if err == nil {
			err = page.Echo(ctx)
		}
		if err != nil {
			leave(page)
			return nil, err
		}
		return page, nil
	}
	if p.page, err = p.sit(ctx); err != nil {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
		defer cancel()
		return nil, errors.Join(err, h.client.DeleteRoom(bye, room.Name))
	}
	go p.watch()
	return p, nil
}

type dailyPlace struct {
	client  *daily.Client
	room    daily.Room
	sit     func(context.Context) (*browser.Page, error)
	lost    chan struct{}
	stop    chan struct{}
	stopped sync.Once

	mu   sync.Mutex    // held while the seat is taken anew
	page *browser.Page // nil = that did not work
}

// Invite implements echo.Place.
func (p *dailyPlace) Invite(in *echo.Invitation) { in.Daily = &echo.DailyRoom{URL: p.room.URL} }

// Others implements echo.Place.
func (p *dailyPlace) Others(ctx context.Context) int {
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
func (p *dailyPlace) Again(ctx context.Context) (err error) {
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
func (p *dailyPlace) Lost() <-chan struct{} { return p.lost }

// watch looks whether the page still has its seat.
func (p *dailyPlace) watch() {
	look := time.NewTicker(lookInterval)
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

func (p *dailyPlace) ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.page == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*lookInterval)
	defer cancel()
	why, err := p.page.Ended(ctx)
	return why != "" || err != nil
}

// Close implements echo.Place.
func (p *dailyPlace) Close(ctx context.Context) error {
	p.stopped.Do(func() { close(p.stop) })
	p.mu.Lock()
	leave(p.page)
	p.mu.Unlock()
	if err := p.client.DeleteRoom(ctx, p.room.Name); err != nil {
		return fmt.Errorf("%w; it ends by itself", err)
	}
	return nil
}

var (
	_ echo.Host = livekitHost{}
	_ echo.Host = dailyHost{}
)
