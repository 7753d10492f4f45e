package call

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/fleet"
)

// Somebody else at the hub's address may repeat all that it is told: no token is in an error, which is one line.
func TestWhoRepeatsTheToken(t *testing.T) {
	const admin, token = "admin:hunter2", "join-hunter3"
	for _, says := range []func(w http.ResponseWriter, told string){
		func(w http.ResponseWriter, told string) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"error":%q}`, told+"\nand more")
		},
		func(w http.ResponseWriter, told string) { fmt.Fprint(w, told) },
		func(w http.ResponseWriter, told string) {
			c, _, _ := w.(http.Hijacker).Hijack()
			fmt.Fprintf(c, "HTTP/1.1 500 %s\r\nContent-Length: 0\r\n\r\n", told)
			c.Close()
		},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			says(w, fmt.Sprint(r.Header.Get("Authorization"), " ", string(body)))
		}))
		h := Hub{Address: fleet.Address{URL: server.URL}, Admin: admin, Token: token}
		err := h.Do(t.Context(), http.MethodPost, "/x", map[string]string{"token": token}, &struct{}{})
		if err == nil || strings.Contains(err.Error(), "hunter") || strings.Contains(err.Error(), "\n") {
			t.Error(err)
		}
		server.Close()
	}
}

// Somebody who takes a question and never answers it, or never comes to the answer's end, is not waited for for ever.
func TestWhoNeverAnswers(t *testing.T) {
	defer func(usual time.Duration) { answerTimeout = usual }(answerTimeout)
	answerTimeout = 200 * time.Millisecond
	for name, says := range map[string]string{"nothing": "", "the beginning": `{"places":[`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // until then nobody looks whether the asker is there
			io.WriteString(w, says)
			if says != "" {
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
		}))
		err := Hub{Address: fleet.Address{URL: server.URL}}.Do(t.Context(), http.MethodGet, "/x", nil, &struct{}{})
		if want := "ask the hub at " + server.URL + ": no answer in 200ms: is this the hub's address?"; err == nil ||
			err.Error() != want {
			t.Errorf("it says %s: %v, want %s", name, err, want)
		}
		server.Close()
	}
}

// A proxy that takes a connection and says nothing is named, without its password, also where the caller has less time.
func TestAProxyThatHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes connections, and nobody reads
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	by := &url.URL{Scheme: "http", User: url.UserPassword("bob", "hunter4"), Host: l.Addr().String()}
	h := Hub{Address: fleet.Address{URL: "https://hub.example"},
		Proxy: func(*url.URL) (*url.URL, error) { return by, nil }}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err = h.Do(ctx, http.MethodGet, "/x", nil, &struct{}{})
	if want := "no answer in 300ms: is this the hub's address? The proxy " + by.Host + " is on the way: does it " +
		"answer?"; err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "hunter4") {
		t.Errorf("%v, want %s", err, want)
	}
}
