package influx

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// server is a database server of this test binary's own, one for all tests.
type server struct {
	sync.Once
	url  string
	err  error
	stop func()
}

var influxd, victoria server

func TestMain(m *testing.M) {
	code := m.Run()
	for _, s := range []*server{&influxd, &victoria} {
		if s.stop != nil {
			s.stop()
		}
	}
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func (s *server) start(t *testing.T, launch func(dir, address string) ([]string, error), ready string) string {
	t.Helper()
	s.Do(func() {
		dir, err := os.MkdirTemp("", "rtcbench-influx-")
		if err != nil {
			s.err = err
			return
		}
		var stop func()
		if s.url, stop, s.err = run(launch, dir, freePort(), ready); s.err != nil {
			os.RemoveAll(dir)
			return
		}
		s.stop = func() { stop(); os.RemoveAll(dir) }
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.url
}

// guard runs a program and ends it when its own stdin ends: however the test process dies, the server dies with it.
const guard = `exec 3<&0
"$@" </dev/null 3<&- &
p=$!
{ cat <&3 >/dev/null; kill -9 $p; } >/dev/null 2>&1 &
exec 3<&-
wait $p`

// run starts a server that keeps its data in dir, and waits until it answers at the path ready.
func run(launch func(dir, address string) ([]string, error), dir, address, ready string) (url string, stop func(),
	err error) {
	args, err := launch(dir, address)
	if err != nil {
		return "", nil, err
	}
	var said bytes.Buffer
	if _, err := exec.LookPath(args[0]); err != nil {
		return "", nil, fmt.Errorf("%w (make tools installs it)", err)
	}
	cmd := exec.Command("sh", append([]string{"-c", guard, "guard"}, args...)...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	cmd.Stderr, cmd.Stdout, cmd.Dir = &said, &said, dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	stop = sync.OnceFunc(func() {
		stdin.Close()
		<-ended
	})
	url = "http://" + address
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if answer, err := http.Get(url + ready); err == nil {
			answer.Body.Close()
			if answer.StatusCode/100 == 2 {
				return url, stop, nil
			}
		}
		select {
		case <-ended:
		default:
			if time.Now().Before(deadline) {
				continue
			}
		}
		stop()
		return "", nil, fmt.Errorf("%s does not start: %s", args[0], said.String())
	}
}

func freePort() string { return fmt.Sprintf("127.0.0.1:%d", benchtest.FreePort()) }

// launchInflux is InfluxDB 1.6 as Debian has it.
func launchInflux(dir, address string) ([]string, error) {
	config := filepath.Join(dir, "influxdb.conf")
	return []string{"influxd", "run", "-config", config}, os.WriteFile(config, fmt.Appendf(nil, `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
dir = %q
[data]
dir = %q
wal-dir = %q
query-log-enabled = false
[http]
bind-address = %q
log-enabled = false
[monitor]
store-enabled = false
`, dir+"/meta", dir+"/data", dir+"/wal", address), 0o600)
}

func launchVictoria(dir, address string) ([]string, error) {
	return []string{"victoria-metrics", "-storageDataPath", filepath.Join(dir, "data"), "-httpListenAddr", address,
		"-retentionPeriod", "1", "-dedup.minScrapeInterval", "1ms"}, nil
}

var databases atomic.Int64

// database is an empty one on a real InfluxDB.
func database(t *testing.T) Options {
	t.Helper()
	o := Options{URL: influxd.start(t, launchInflux, "/ping"), Database: fmt.Sprintf("test %d", databases.Add(1))}
	s := open(t, o)
	defer s.Close()
	if _, err := s.Init(within(t), bench.Retention{}); err != nil {
		t.Fatal(err)
	}
	return o
}

func open(t *testing.T, o Options) *Store {
	t.Helper()
	o.Words = bench.Words{Init: "make it", URL: "ITS URL", Token: "ITS TOKEN", Names: "ITS NAMES", Since: "since"}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask is the first column after the time of what a real InfluxDB answers.
func ask(t *testing.T, o Options, sql string) (list []row) {
	t.Helper()
	s := open(t, o)
	defer s.Close()
	list, err := s.all(within(t), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

func get(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func runs(s bench.Store, ctx context.Context, q bench.Query) (list []bench.Run, err error) {
	for r, err := range s.Runs(ctx, q) {
		if err != nil {
			return list, err
		}
		list = append(list, r)
	}
	return list, nil
}

// within bounds a test.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}
