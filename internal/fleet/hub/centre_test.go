package hub_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/measure"
	"rtcbench/internal/outbox"
	"rtcbench/internal/store/sqlite"
)

// TestMain is also the hub and the runner that are killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("RTCBENCH_KILLED_HUB"); dir != "" {
		hubProcess(dir, os.Getenv("RTCBENCH_KILLED_AT"))
	}
	if path := os.Getenv("RTCBENCH_KILLED_RUNNER"); path != "" {
		rest, _ := strconv.Atoi(os.Getenv("RTCBENCH_KILLED_REST"))
		runnerProcess(path, rest)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

// centre is a hub that listens on loopback with a certificate of its own.
type centre struct {
	*hub.Hub
	t       *testing.T
	dir     string
	address fleet.Address
	stop    func()
	said    *said
}

// said is a log that a test can look into.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func logger(s *said) *slog.Logger { return slog.New(slog.NewTextHandler(s, nil)) }

// database is the store of the hub in dir.
func database(dir string) outbox.Target {
	path := filepath.Join(dir, "runs.db")
	return outbox.Target{Name: sqlite.Name(path), File: path,
		Open: func(ctx context.Context) (bench.Store, error) { return sqlite.Open(ctx, path) }}
}

// start is a hub in dir at address; "" = a free port. Its store is a database in the same folder, unless others are
// given.
func start(t *testing.T, dir, at string, stores ...outbox.Target) *centre {
	t.Helper()
	return startOn(t, dir, at, "", stores...)
}

// startReading is start with a reader of plans.
func startReading(t *testing.T, dir string, read func(hub.Source) (hub.Orders, error)) *centre {
	t.Helper()
	return startAs(t, dir, "", hub.Options{Read: read})
}

// startOn is start with servers elsewhere.
func startOn(t *testing.T, dir, at string, n string, stores ...outbox.Target) *centre {
	t.Helper()
	return startAs(t, dir, at, hub.Options{NATS: n, Stores: stores})
}

func startAs(t *testing.T, dir, at string, o hub.Options) *centre {
	t.Helper()
	if len(o.Stores) == 0 {
		o.Stores = []outbox.Target{database(dir)}
	}
	c := &centre{t: t, dir: dir, said: &said{}}
	certificate, pin, err := hub.SelfSigned(dir)
	if err != nil {
		t.Fatal(err)
	}
	o.Dir, o.Version, o.Log, o.Admin = dir, "v1", logger(c.said), "admin"
	o.Page = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Asked-By", r.RemoteAddr)
		fmt.Fprint(w, "the page")
	})
	if c.Hub, err = hub.Open(o); err != nil {
		t.Fatal(err)
	}
	if at == "" {
		at = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	c.address = fleet.Address{URL: "https://" + l.Addr().String(), Pin: pin}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Serve(ctx, l, &tls.Config{Certificates: []tls.Certificate{certificate}}) }()
	c.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the hub ended: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Errorf("close the hub: %v", err)
		}
	})
	t.Cleanup(c.stop)
	return c
}

// call asks the admin interface.
func (c *centre) call(method, path string, body, into any) {
	c.t.Helper()
	if err := c.try(method, path, body, into); err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
}

func (c *centre) try(method, path string, body, into any) error {
	return call.Hub{Address: c.address, Admin: "admin"}.Do(c.t.Context(), method, path, body, into)
}

func (c *centre) token(o hub.TokenOrder) string {
	c.t.Helper()
	if o.Life == 0 {
		o.Life = time.Hour
	}
	if o.Uses == 0 {
		o.Uses = 1
	}
	var made hub.TokenMade
	c.call("POST", "/admin/tokens", o, &made)
	return made.Token
}

// join enrols a runner of that name in a folder of its own.
func (c *centre) join(name, token string) (*runner.File, error) {
	return runner.Join(c.t.Context(), filepath.Join(c.t.TempDir(), "fleet.json"), c.address.String(), token, "v1",
		fleet.Place{Name: name, Location: "fra"}, nil)
}

func (c *centre) mustJoin(name string) *runner.File {
	c.t.Helper()
	f, err := c.join(name, c.token(hub.TokenOrder{}))
	if err != nil {
		c.t.Fatal(err)
	}
	return f
}

// box is where the runs of a runner wait.
func box(f *runner.File) *outbox.Outbox {
	return outbox.Open(filepath.Join(filepath.Dir(f.Path()), "outbox"), 64<<20)
}

// newRunner is a runner that measures nothing: each of its jobs gives a run at once.
func newRunner(f *runner.File) (*runner.Runner, error) { return runner.New(f, options(f)) }

// newRunnerThat is one that measures so.
func newRunnerThat(f *runner.File, measures runner.Measure) (*runner.Runner, error) {
	o := options(f)
	o.Measure = measures
	return runner.New(f, o)
}

// options are those of a runner that measures nothing.
func options(f *runner.File) runner.Options {
	return runner.Options{
		Version: "v1", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Box: box(f),
		Prepare: func(j fleet.Job) (measure.Job, error) { return measure.Job{Platform: j.Platform}, nil },
		Measure: func(_ context.Context, j measure.Job, _ fleet.Seat, _ measure.Watcher) (bench.Run, error) {
			r := benchtest.StoredRun(20, time.Now())
			r.Location = j.Location
			return r, nil
		},
	}
}

// orders are so many jobs every second, in seats that nobody takes.
func orders(jobs int) hub.Orders {
	o := hub.Orders{Every: time.Second}
	for i := range jobs {
		o.Jobs = append(o.Jobs, hub.Order{Job: fleet.Job{Name: fmt.Sprint("job", i), Platform: "livekit"},
			Lease: &bench.Leases{Make: func(_ context.Context, _ bench.Place, l bench.LeaseOf) (
				map[bench.Role]bench.Seat, error) {
				room := bench.Room{URL: "wss://sfu", Name: l.Room, Token: "t"}
				return map[bench.Role]bench.Seat{bench.Runner: {Room: room, Identity: l.Identity[bench.Runner]},
					bench.Answerer: {Room: room, Identity: l.Identity[bench.Answerer]}}, nil
			}}})
	}
	return o
}

// run lets a runner work until the end of the test, or until stop is called.
func (c *centre) run(f *runner.File) (stop func()) {
	c.t.Helper()
	r, err := newRunner(f)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.works(r)
}

// works lets r work until the end of the test, or until stop is called.
func (c *centre) works(r *runner.Runner) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("the runner ended: %v", err)
		}
	})
	c.t.Cleanup(stop)
	return stop
}

func (c *centre) state(name string) hub.State {
	c.t.Helper()
	var o hub.Overview
	c.call("GET", "/admin/members", nil, &o)
	for _, s := range o.Places {
		if s.Name == name {
			return s
		}
	}
	return hub.State{}
}

// await asks until it is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after 2 min: not %s", what)
		}
	}
}

// kept is how many runs the hub's stores have taken since it started.
func (c *centre) kept() int {
	c.t.Helper()
	var health struct{ Kept int }
	c.call("GET", "/healthz", nil, &health)
	return health.Kept
}
