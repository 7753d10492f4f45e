package timestream

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// recorder notes which hosts are asked for what.
type recorder struct {
	mu    sync.Mutex
	asked []string
	next  http.RoundTripper // nil = nobody answers
}

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.asked = append(r.asked, q.URL.Host+" "+strings.TrimPrefix(q.Header.Get("X-Amz-Target"), "Timestream_20181101."))
	r.mu.Unlock()
	if r.next != nil {
		return r.next.RoundTrip(q)
	}
	return &http.Response{StatusCode: 400, Body: io.NopCloser(strings.NewReader(`{"__type":"AccessDeniedException"}`)),
		Header: http.Header{}, Request: q}, nil
}

// TestOnlyTheEndpointIsAsked: moto and the real service answer DescribeEndpoints with hosts of AWS. Wherever the
// endpoint is configured, nobody else is asked for anything.
func TestOnlyTheEndpointIsAsked(t *testing.T) {
	s := startService(t)
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("[default]\nendpoint_url = "+s.url+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string]map[string]string{
		"AWS_ENDPOINT_URL": {"AWS_ENDPOINT_URL": s.url},
		"one each":         {"AWS_ENDPOINT_URL_TIMESTREAM_WRITE": s.url, "AWS_ENDPOINT_URL_TIMESTREAM_QUERY": s.url},
		"a file":           {"AWS_CONFIG_FILE": file},
		"discovery is on":  {"AWS_ENDPOINT_URL": s.url, "AWS_ENABLE_ENDPOINT_DISCOVERY": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range env {
				t.Setenv(k, v)
			}
			hosts := &recorder{next: &http.Transport{DisableKeepAlives: true}}
			store, err := New(within(t), Options{Database: "rtcbench", Table: "runs", transport: hosts})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			if _, err := store.Init(within(t), bench.Retention{MemoryHours: 24, MagneticDays: 90}); err != nil {
				t.Fatal(err)
			}
			save(t, store, benchtest.StoredRun(20, recently()))
			if ids, errs := list(t, store, bench.Query{}); len(ids) == 0 || len(errs) > 0 {
				t.Errorf("runs %v, errors %v", ids, errs)
			}
			host := strings.TrimPrefix(s.url, "http://")
			for _, a := range hosts.asked {
				if !strings.HasPrefix(a, host+" ") || strings.Contains(a, "DescribeEndpoints") {
					t.Errorf("asked %s; the endpoint is %s", a, host)
				}
			}
		})
	}
}

// TestDiscoveryOnAWS: without an endpoint of the user's, the service names the one to use.
func TestDiscoveryOnAWS(t *testing.T) {
	hosts := &recorder{}
	store, err := New(within(t), Options{Database: "rtcbench", Table: "runs", Region: "eu-west-1", transport: hosts})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Save(within(t), bench.NewRecord(benchtest.StoredRun(5, recently()))); err == nil {
		t.Error("saved at a service that forbids it")
	}
	list(t, store, bench.Query{})
	want := []string{"ingest.timestream.eu-west-1.amazonaws.com DescribeEndpoints",
		"query.timestream.eu-west-1.amazonaws.com DescribeEndpoints"}
	if got := slices.Compact(hosts.asked); !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
}

func TestNoRedirect(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://endpoint.test")
	hosts := &recorder{next: roundTrip(func(q *http.Request) (*http.Response, error) {
		if q.URL.Host != "endpoint.test" {
			return nil, errors.New("it went elsewhere")
		}
		return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"http://elsewhere.test"}},
			Body: http.NoBody, Request: q}, nil
	})}
	store, err := New(within(t), Options{Database: "rtcbench", Table: "runs", transport: hosts,
		backoff: func(int) time.Duration { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Save(within(t), bench.NewRecord(benchtest.StoredRun(5, recently()))); err == nil ||
		errors.Is(err, bench.ErrRejected) {
		t.Error(err)
	}
	for _, a := range hosts.asked {
		if !strings.HasPrefix(a, "endpoint.test ") {
			t.Errorf("asked %s", a)
		}
	}
}

// TestPlainBodies: see plainBodies. That a request is sent twice happens now and then, so its cause is looked at.
func TestPlainBodies(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://endpoint.test")
	seen := 0
	hosts := &recorder{next: roundTrip(func(q *http.Request) (*http.Response, error) {
		seen++
		if _, ok := q.Body.(io.WriterTo); ok {
			t.Errorf("the body of %s is a WriterTo, %T", q.Header.Get("X-Amz-Target"), q.Body)
		}
		return &http.Response{StatusCode: 400, Body: io.NopCloser(strings.NewReader("{}")), Header: http.Header{},
			Request: q}, nil
	})}
	store, err := New(within(t), Options{Database: "rtcbench", Table: "runs", transport: hosts})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Save(within(t), bench.NewRecord(benchtest.StoredRun(5, recently()))); err == nil || seen == 0 {
		t.Error("nobody was asked")
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }

func TestNothingIsLeft(t *testing.T) {
	s := startService(t)
	s.moto = moto(t)
	if _, err := s.open(t, Options{}).Init(within(t), bench.Retention{MemoryHours: 24, MagneticDays: 90}); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	before := goleak.IgnoreCurrent()
	store := s.open(t, Options{})
	save(t, store, benchtest.StoredRun(50, recently()))
	for range store.Runs(within(t), bench.Query{Samples: true}) {
		break
	}
	store.Close()
	http.DefaultClient.CloseIdleConnections()
	goleak.VerifyNone(t, before)
}
