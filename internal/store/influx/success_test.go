package influx

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// play is a store before a server that gives every request one answer.
func play(t *testing.T, status int, contentType, body string) *Store {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			io.WriteString(w, body)
		}
	}))
	t.Cleanup(server.Close)
	s := open(t, Options{URL: server.URL, Database: "b"})
	t.Cleanup(func() { s.Close() })
	return s
}

const page = `<!doctype html><title>Sign in</title><form>Please log in</form>`

// TestOnlyTheDocumentedSuccessCounts: a run is kept when the server says 204, and waits after any other yes.
func TestOnlyTheDocumentedSuccessCounts(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		failed bool // at this run; another may pass
		says   string
	}{
		{200, page, false, "answers 200, and an InfluxDB says 204"},
		{200, `{"error":"timeout"}`, true, "timeout"},
		{200, `{"code":"internal error","message":"partial write"}`, true, "partial write"},
		{200, "", false, "answers 200"},
		{201, "", false, "answers 201"},
		{202, "", false, "answers 202"},
		{205, "", false, "answers 205"},
		{206, page, false, "answers 206"},
		{500, page, true, `HTTP 500 Internal Server Error, which says: "Sign in Please log in"`},
		{502, "", true, "HTTP 502 Bad Gateway (a proxy answers"},
		{204, "", false, ""},
	} {
		err := play(t, c.status, "text/html", c.body).Save(within(t),
			bench.NewRecord(benchtest.StoredRun(3, time.Now())))
		if c.says == "" {
			if err != nil {
				t.Errorf("204: %v", err)
			}
			continue
		}
		if err == nil || isRejected(err) || errors.Is(err, bench.ErrFailed) != c.failed ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		}
	}
}

// TestNoAnswerIsNoRuns: what is not an answer to a query is an error, and never a store without runs.
func TestNoAnswerIsNoRuns(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		says   string
	}{
		{200, page, "does not answer as an InfluxDB"},
		{200, "", "its answer is empty"},
		{200, "{}", "its answer has no results"},
		{200, "null", "its answer has no results"},
		{200, "[]", "does not answer as an InfluxDB"},
		{200, `"ok"`, "does not answer as an InfluxDB"},
		{200, `{"status":"ok"}`, "its answer has no results"},
		{200, `{"error":"timeout"}`, "timeout"},
		{200, `{"results":[{"series":[{"name":"rtcbench_run","columns":["time"],"values":[],"partial":true}]}]}`,
			"a part of the answer only"},
		{200, `{"results":[{"statement_id":0}]} trailing`, "does not answer as an InfluxDB"},
		{202, `{"results":[{"statement_id":0}]}`, "answers 202"},
		{204, "", "answers 204"},
		{200, `{"results":[{"statement_id":0}]}`, ""},
	} {
		s := play(t, c.status, "application/json", c.body)
		list, err := runs(s, within(t), bench.Query{})
		if (err == nil) != (c.says == "") || len(list) > 0 || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%d %s: %d runs, %v", c.status, c.body, len(list), err)
		}
	}
}
