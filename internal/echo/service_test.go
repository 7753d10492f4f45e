package echo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"rtcbench/bench"
	"rtcbench/internal/loopback"
	"rtcbench/internal/ping"
)

// fakeHost makes rooms inside the process. Who else is in a room is said by the test.
type fakeHost struct {
	transport loopback.Transport
	opening   func() error // before a room is there
	mu        sync.Mutex
	places    []*fakePlace
	closed    atomic.Int64
}

type fakePlace struct {
	host   *fakeHost
	again  atomic.Int64
	name   string
	others atomic.Int64
	lost   chan struct{}
	stop   context.CancelFunc
	done   chan struct{}
}

func (h *fakeHost) Open(ctx context.Context, _ time.Duration, _ bench.TransportClass) (Place, error) {
	if h.opening != nil {
		if err := h.opening(); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p := &fakePlace{host: h, name: fmt.Sprint("room", len(h.places)), lost: make(chan struct{}),
		done: make(chan struct{})}
	h.places = append(h.places, p)
	s, err := h.transport.Join(ctx, bench.Room{Name: p.name}, bench.JoinOptions{Identity: "echo"})
	if err != nil {
		return nil, err
	}
	var answering context.Context
	answering, p.stop = context.WithCancel(context.Background())
	go func() {
		defer close(p.done)
		defer s.Close()
		Answer(answering, s, bench.NewClock())
	}()
	return p, nil
}

func (p *fakePlace) Invite() (Room, error) {
	return Room{URL: "ws://127.0.0.1:1", Name: p.name, Token: "token-of-" + p.name}, nil
}
func (p *fakePlace) Others(context.Context) int { return int(p.others.Load()) }
func (p *fakePlace) Again(context.Context) error {
	p.again.Add(1)
	return nil
}
func (p *fakePlace) Lost() <-chan struct{} { return p.lost }
func (p *fakePlace) Close(context.Context) error {
	p.stop()
	<-p.done
	p.host.closed.Add(1)
	return nil
}

func (h *fakeHost) place(i int) *fakePlace {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.places[i]
}

// service is one whose every answer is held against the OpenAPI document.
type service struct {
	t       *testing.T
	service *Service
	host    *fakeHost
	router  routers.Router
	log     *bytes.Buffer
}

func newService(t *testing.T, o Options) *service {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, host: &fakeHost{}, router: router, log: &bytes.Buffer{}}
	o.Hosts = map[string]Host{"livekit": s.host}
	o.Log = slog.New(slog.NewTextHandler(&locked{w: s.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.service = NewService(o, NewMeter())
	return s
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// do makes a request and holds the answer against the document.
func (s *service) do(method, path, body string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	s.service.Handler().ServeHTTP(w, r)
	route, params, err := s.router.FindRoute(r)
	if err != nil {
		if w.Code != http.StatusNotFound && w.Code != http.StatusUnauthorized &&
			w.Code != http.StatusMethodNotAllowed && path != "/openapi.json" {
			s.t.Errorf("%s %s: %d, and the document does not know it: %v", method, path, w.Code, err)
		}
		return w
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 w.Code, Header: w.Result().Header, Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateResponse(context.Background(), in); err != nil {
		s.t.Errorf("%s %s: %d %s: %v", method, path, w.Code, w.Body, err)
	}
	return w
}

func (s *service) connect() Invitation {
	s.t.Helper()
	w := s.do("POST", "/connect", "")
	var in Invitation
	if err := json.Unmarshal(w.Body.Bytes(), &in); err != nil || w.Code != 200 {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return in
}

func (s *service) rooms() int {
	s.t.Helper()
	var list struct {
		Active map[string]any `json:"active_rooms"`
	}
	if err := json.Unmarshal(s.do("GET", "/rooms", "").Body.Bytes(), &list); err != nil {
		s.t.Fatal(err)
	}
	return len(list.Active)
}

func TestTheOriginalsInterface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, Options{Version: "1.2.3"})
		defer s.service.Close(t.Context())
		if text := s.do("GET", "/health", "").Body.String(); text != `{"status":"ok","platform":"livekit"}`+"\n" &&
			text != `{"platform":"livekit","status":"ok"}`+"\n" {
			t.Error(text)
		}
		in := s.connect()
		if len(in.Rooms) != 1 || in.Rooms["livekit"].Token != "token-of-room0" ||
			in.Rooms["livekit"].ExpiresAt != unixSeconds(time.Now().Add(10*time.Minute)) || len(in.RoomID) < 26 {
			t.Errorf("%+v %+v", in, in.Rooms["livekit"])
		}
		// The echo was in the room before the answer.
		runner, err := s.host.transport.Join(t.Context(), bench.Room{Name: in.Rooms["livekit"].Name},
			bench.JoinOptions{Identity: "runner"})
		if err != nil {
			t.Fatal(err)
		}
		defer runner.Close()
		run, err := ping.NewProber(runner, bench.NewClock()).Probe(t.Context(),
			bench.Plan{Count: 5, Cooldown: 10 * time.Millisecond, Timeout: time.Second, EchoTimeout: time.Second,
				ReconnectTimeout: time.Second}, nil)
		if err != nil || run.Counts.Answered != 5 {
			t.Errorf("%v %+v", err, run.Counts)
		}
		if n := s.rooms(); n != 1 {
			t.Errorf("%d rooms", n)
		}
		for path, want := range map[string]int{"/disconnect": 404, "/nothing": 404} {
			if w := s.do("POST", path, `{"room_id":"unknown"}`); w.Code != want ||
				!strings.Contains(w.Body.String(), `"detail":`) {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
		w := s.do("POST", "/disconnect", `{"room_id":"`+in.RoomID+`"}`)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"cleaned_up":true`) || s.host.closed.Load() != 1 ||
			s.rooms() != 0 {
			t.Errorf("%d %s, %d closed", w.Code, w.Body, s.host.closed.Load())
		}
		if w := s.do("POST", "/disconnect", `{"room_id":"`+in.RoomID+`"}`); w.Code != 404 {
			t.Errorf("twice: %d", w.Code)
		}
		for _, body := range []string{"", "{", `{"room_id":7}`, `[]`, `{"room_id":"x"} and more`} {
			if w := s.do("POST", "/disconnect", body); w.Code != 422 {
				t.Errorf("%q: %d", body, w.Code)
			}
		}
		for _, path := range []string{"/disconnect", "/connect"} {
			if w := s.do("POST", path, `{"room_id":"`+strings.Repeat("x", 10_000)+`"}`); w.Code != 413 {
				t.Errorf("%s with a large body: %d", path, w.Code)
			}
		}
		if w := s.do("POST", "/connect?platform=daily", ""); w.Code != 400 ||
			!strings.Contains(w.Body.String(), "livekit") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if text := s.do("GET", "/version", "").Body.String(); !strings.Contains(text, "1.2.3") {
			t.Error(text)
		}
		if text := s.do("GET", "/metrics", "").Body.String(); !strings.Contains(text, "rtcbench_echo_rooms 0") ||
			!strings.Contains(text, `rtcbench_echo_requests_total{code="200",path="/connect"} 1`) {
			t.Error(text)
		}
		if strings.Contains(s.log.String(), in.RoomID) || strings.Contains(s.log.String(), in.Rooms["livekit"].Token) ||
			!strings.Contains(s.log.String(), "path=/connect status=200") {
			t.Error(s.log)
		}
	})
}

// A room ends at its time, with its last runner, and when its seat is lost; not while somebody is in it or before
// anybody came.
func TestARoomEnds(t *testing.T) {
	stays := func(p *fakePlace) { p.others.Store(1) }
	for name, c := range map[string]struct {
		script func(p *fakePlace)
		after  time.Duration
		ttl    time.Duration // 0 = the usual
	}{
		"nobody ever came": {script: func(*fakePlace) {}, after: 10 * time.Minute},
		"a longer time":    {script: stays, after: 3 * time.Hour, ttl: 3 * time.Hour},
		"a shorter time":   {script: stays, after: 7 * time.Second, ttl: 7 * time.Second},
		"the last runner left": {script: func(p *fakePlace) {
			time.Sleep(5 * time.Second)
			p.others.Store(2)
			time.Sleep(time.Minute)
			p.others.Store(1)
			time.Sleep(time.Minute)
			p.others.Store(0)
		}, after: 2*time.Minute + 5*time.Second + grace + lookInterval},
		"one comes back at once": {script: func(p *fakePlace) {
			p.others.Store(1)
			time.Sleep(10 * time.Second)
			p.others.Store(0)
			time.Sleep(grace / 2)
			p.others.Store(1)
		}, after: 10 * time.Minute},
		"it cannot be told": {script: func(p *fakePlace) {
			p.others.Store(1)
			time.Sleep(10 * time.Second)
			p.others.Store(-1)
		}, after: 10 * time.Minute},
		"the seat is lost": {script: func(p *fakePlace) { time.Sleep(time.Minute); close(p.lost) }, after: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t, Options{TTL: c.ttl})
				defer s.service.Close(t.Context())
				s.connect()
				began := time.Now()
				go c.script(s.host.place(0))
				<-s.host.place(0).done
				if d := time.Since(began) - c.after; d < -time.Second || d > time.Second {
					t.Errorf("it ended after %v, want %v", time.Since(began), c.after)
				}
				synctest.Wait()
				if s.rooms() != 0 {
					t.Error("the room is still listed")
				}
			})
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	s := newService(t, Options{MaxRooms: 50, Rate: 1000})
	var ok, full, other atomic.Int64
	var all sync.WaitGroup
	handler := s.service.Handler()
	for range 200 {
		all.Go(func() {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest("POST", "/connect", nil))
			switch {
			case w.Code == 200:
				ok.Add(1)
			case w.Code == 429 && w.Header().Get("Retry-After") != "":
				full.Add(1)
			default:
				other.Add(1)
			}
		})
	}
	all.Wait()
	if ok.Load() != 50 || full.Load() != 150 || other.Load() != 0 {
		t.Errorf("%d rooms, %d refused, %d else", ok.Load(), full.Load(), other.Load())
	}
	if w := s.do("POST", "/connect", ""); w.Code != 429 ||
		!strings.Contains(w.Body.String(), "all 50 rooms are taken") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.service.Close(ctx); err != nil || s.host.closed.Load() != 50 {
		t.Errorf("%v, %d closed", err, s.host.closed.Load())
	}
	if w := s.do("POST", "/connect", ""); w.Code != 503 {
		t.Errorf("after the end: %d", w.Code)
	}
}

// A room that cannot be made leaves no place taken.
func TestARoomThatCannotBeMade(t *testing.T) {
	s := newService(t, Options{MaxRooms: 1})
	defer s.service.Close(t.Context())
	s.host.opening = func() error { return errors.New("the platform is down") }
	for range 3 {
		if w := s.do("POST", "/connect", ""); w.Code != 502 ||
			!strings.Contains(w.Body.String(), "the platform is down") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	s.host.opening = nil
	s.connect()
}

// The echo joins once more after a runner that is no rtcbench, as soon as it is there, and once.
func TestTheEchoJoinsAfterItsRunner(t *testing.T) {
	for agent, want := range map[string]int64{"Python/3.12 aiohttp/3.9": 1, "": 1, userAgent: 0,
		userAgent + "/1.2": 0} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(t, Options{})
			defer s.service.Close(t.Context())
			s.do("POST", "/connect", "", "User-Agent", agent)
			p := s.host.place(0)
			time.Sleep(10 * time.Second)
			if n := p.again.Load(); n != 0 {
				t.Errorf("%q: again before anybody came", agent)
			}
			for range 3 {
				p.others.Store(1)
				time.Sleep(lookInterval + time.Millisecond)
				if n := p.again.Load(); n != want {
					t.Errorf("%q: %d times again, want %d", agent, n, want)
				}
				p.others.Store(0)
				time.Sleep(grace / 2)
			}
		})
	}
}
