package health

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAsk: a probe is well by the one answer that a service of rtcbench gives, and else says who answered what.
func TestAsk(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		body, want string
	}{
		"well":              {200, `{"status":"ok","jobs":3}`, ""},
		"well by its words": {503, `{"status":"ok"}`, "503"},
		"ill":               {503, `{"status":"a slot was missed"}`, "a slot was missed"},
		"another's page":    {200, "<title>router</title>", `a service of rtcbench answers {"status":"ok"}`},
		"more than it says": {200, `{"status":"ok"` + strings.Repeat(" ", most) + `}`, "a service of rtcbench answers"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			w.Write([]byte(c.body))
		}))
		err := Ask(t.Context(), s.URL)
		s.Close()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestNobodyThere: a probe tells a service that is not started from one that is ill, and from what is no URL. No user
// and no password of the URL is in what it says.
func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	err = Ask(t.Context(), "http://user:hunter2@"+l.Addr().String()+"/healthz")
	if !errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("nobody listens: %v", err)
	}
	for _, url := range []string{"", "healthz", "http://", "://"} {
		if err := Ask(t.Context(), url); !errors.Is(err, ErrNoURL) {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// TestAServiceThatHangs: a service that takes the question and never answers is ill, within the time that is given.
func TestAServiceThatHangs(t *testing.T) {
	held := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-held }))
	defer s.Close()
	defer close(held)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Ask(ctx, s.URL); err == nil || !strings.Contains(err.Error(), "no answer in") {
		t.Errorf("%v", err)
	}
}
