package influx

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// raw is a store before a server that writes the same bytes after each request and closes the connection.
func raw(t *testing.T, answer string) *Store {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, answer)
	}))
	t.Cleanup(server.Close)
	s := open(t, Options{URL: server.URL, Database: "b", Timeout: 2 * time.Minute})
	t.Cleanup(func() { s.Close() })
	return s
}

// TestWhatLooksLikeSuccess: an answer that no InfluxDB gives keeps no run, whatever it begins with.
func TestWhatLooksLikeSuccess(t *testing.T) {
	const no204 = "answers 204 with something behind it, and an InfluxDB says 204: nothing counts as taken"
	for answer, says := range map[string]string{
		"204 No Content\r\nContent-Length: 21\r\n\r\n" + `{"error":"disk full"}`:      no204,
		"204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n": no204,
		"204 No Content\r\nX-Influxdb-Error: partial write: dropped=3\r\n\r\n":        no204 + ": partial write",
		"207 Multi-Status\r\nContent-Length: 2\r\n\r\nok":                             "answers 207",
		"101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n":        "101",
		"304 Not Modified\r\n\r\n":                                    "answers 304 and does not say where",
		"307 X\r\nLocation: //b.example\r\nContent-Length: 0\r\n\r\n": "sends us on to b.example,",
		"308 X\r\nLocation: /w?token=s3\r\nContent-Length: 0\r\n\r\n": "on to another path of its own,",
		"204":                  "closed the connection",
		"100 Continue\r\n\r\n": "closed the connection",
		"204 No Content\r\nContent-Length: 0\r\n\r\n":       "",
		"204 No Content\r\nX-Influxdb-Version: 1.8\r\n\r\n": "",
		"103 Early Hints\r\n\r\nHTTP/1.1 204 OK\r\n\r\n":    "",
	} {
		err := raw(t, "HTTP/1.1 "+answer).Save(within(t), bench.NewRecord(benchtest.StoredRun(3, time.Now())))
		if says == "" {
			if err != nil {
				t.Errorf("%q: %v", answer, err)
			}
			continue
		}
		if err == nil || isRejected(err) || errors.Is(err, bench.ErrFailed) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

// TestAKeptConnectionIsClosed: a server, or a proxy before it, closes the connection that it had kept when the next
// points come on it. They are sent again on a new one: that is no fault of anybody.
func TestAKeptConnectionIsClosed(t *testing.T) {
	var answered sync.Map // by the client's address: has this connection had its answer?
	var closed atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, again := answered.LoadOrStore(r.RemoteAddr, true); again {
			closed.Add(1)
			if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
				c.Close()
			}
			return
		}
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	s := open(t, Options{URL: server.URL, Database: "b", Timeout: 2 * time.Minute})
	t.Cleanup(func() { s.Close() })
	for range 3 {
		if err := s.Save(within(t), bench.NewRecord(benchtest.StoredRun(3, time.Now()))); err != nil {
			t.Fatal(err)
		}
	}
	if closed.Load() == 0 {
		t.Error("no connection was kept: nothing was tried")
	}
}

// TestNotTheStoresOwnRefusal: who stands before a server, or a port that wants TLS, refuses no run for ever.
func TestNotTheStoresOwnRefusal(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	for name, s := range map[string]*Store{
		"a port that wants TLS": open(t, Options{Database: "b",
			URL: strings.Replace(secure.URL, "https://", "http://", 1)}),
		"a proxy's limit": play(t, http.StatusRequestEntityTooLarge, "text/html", page),
		"a proxy's no":    play(t, http.StatusForbidden, "text/html", page),
		"a bad gateway":   play(t, http.StatusBadRequest, "text/plain", "bad gateway"),
	} {
		err := s.Save(within(t), bench.NewRecord(benchtest.StoredRun(3, time.Now())))
		if err == nil || isRejected(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
