package influx

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

func isRejected(err error) bool { return errors.Is(err, bench.ErrRejected) }

// What versions that are not to be had here answer, as their API references show it:
// docs.influxdata.com/influxdb/v2/api/, …/influxdb3/core/api/v3/.
func TestWhatServersRefuse(t *testing.T) {
	const token = "s3cret-token=="
	for _, c := range []struct {
		name     string
		status   int
		body     string
		rejected bool
		says     string
	}{
		{"2: token", 401, `{"code":"unauthorized","message":"unauthorized access"}`, false,
			"does not accept the token: unauthorized access"},
		{"2: permission", 403, `{"code":"forbidden","message":"insufficient permissions for write"}`, true,
			"forbidden: insufficient permissions"},
		{"2: bucket", 404, `{"code":"not found","message":"failed to initialize execute state: could not find ` +
			`bucket \"b\""}`, false, "(is there such a bucket"},
		{"1: database", 404, `{"error":"database not found: \"b\""}`, false, "make it"},
		{"somebody else", 404, `{"error":"Not Found"}`, false, "are ITS NAMES right?"},
		{"a proxy, in two lines", 404, "<html>\nno such\nroute " + token, false, `HTTP 404 Not Found, which says: ` +
			`"no such route …" (is ITS URL the address`},
		{"a proxy's refusal", 403, "<html>not from here</html>", false, "does a proxy or gateway before it refuse us?"},
		{"a proxy, without a word", 502, "", false, "HTTP 502 Bad Gateway (a proxy answers"},
		{"2: type", 422, `{"code":"unprocessable entity","message":"failure writing points to database: partial ` +
			`write: field type conflict: input field \"x\" on measurement \"m\" is type float, already exists as ` +
			`type integer dropped=1"}`, true, "field type conflict"},
		{"2: retention", 422, `{"code":"unprocessable entity","message":"failure writing points to database: partial ` +
			`write: points beyond retention policy dropped=3"}`, true, "beyond retention policy"},
		{"2: too large", 413, `{"code":"request too large","message":"cannot read data: points in batch is too large"}`,
			true, "too large"},
		{"2: throttled", 429, `{"code":"too many requests","message":"org has exceeded limited_write plan limit"}`,
			false, "429"},
		{"2: throttled for long", 429, `{"code":"too many requests","message":"slow down"}`, false,
			"it asks to be left alone for 1m40s"},
		{"2: down", 503, "", false, "Service Unavailable"},
		{"3: type", 400, `{"error":"partial write of line protocol occurred","data":[{"original_line":"m ` +
			`x=1i","line_number":1,"error_message":"invalid column type for column 'x'"}]}`, true,
			"invalid column type"},
		{"3: token repeated", 401, `{"error":"the request was not authenticated: ` + token + `"}`, false,
			"does not accept the token"},
		{"proxy", 502, "<html>bad gateway</html>", false, "502"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Token "+token {
					t.Errorf("authorization %q", r.Header.Get("Authorization"))
				}
				if strings.Contains(c.name, "for long") {
					w.Header().Set("Retry-After", "100")
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			}))
			defer server.Close()
			s := open(t, Options{URL: server.URL, Token: token + "\n", Org: "o", Database: "b"}) // as a file has it
			defer s.Close()
			err := s.Save(within(t), bench.NewRecord(benchtest.StoredRun(3, time.Now())))
			if err == nil || isRejected(err) != c.rejected || !strings.Contains(err.Error(), c.says) ||
				strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
		})
	}
}

// A server, or a proxy before it, may repeat the secret in any of the forms in which it came, and more.
func TestASecretThatIsRepeated(t *testing.T) {
	const password = `p&ss "w<rd`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, p, _ := r.BasicAuth()
		data, _ := json.Marshal(map[string]any{"error": "no", "data": []string{user + ":" + p}})
		w.WriteHeader(403)
		if strings.HasPrefix(r.URL.Path, "/plain") {
			fmt.Fprintf(w, "header <%s>, query u=%s&p=%s", r.Header.Get("Authorization"), url.QueryEscape(user),
				url.QueryEscape(p))
		} else {
			w.Write(data)
		}
	}))
	defer server.Close()
	for _, path := range []string{"", "/plain"} {
		s := open(t, Options{URL: server.URL + path, Token: "bob:" + password, Database: "b"})
		err := s.Save(within(t), bench.NewRecord(benchtest.StoredRun(3, time.Now())))
		s.Close()
		escaped, _ := json.Marshal(password)
		for _, form := range []string{password, base64.StdEncoding.EncodeToString([]byte("bob:" + password)),
			url.QueryEscape(password), strings.Trim(string(escaped), `"`), "w<rd", "w\\u003crd"} {
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), "forbidden") ||
				strings.Contains(err.Error(), form) {
				t.Errorf("%q is in it, or it says something else: %v", form, err)
			}
		}
	}
}

func TestNoOtherHostIsAsked(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the other host was asked")
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	s := open(t, Options{URL: server.URL, Token: "user:secret", Database: "b"})
	defer s.Close()
	if err := s.Save(within(t), bench.NewRecord(benchtest.StoredRun(3, time.Now()))); err == nil || isRejected(err) ||
		!strings.Contains(err.Error(), other.URL) {
		t.Error(err)
	}
	if _, err := runs(s, within(t), bench.Query{}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

// Where there is no /api/v2/write, /write is used from then on; where there is, its parameters are version 2's.
func TestTwoWaysToWrite(t *testing.T) {
	for _, old := range []bool{true, false} {
		var mu sync.Mutex
		asked := map[string]int{}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			asked[r.URL.Path]++
			q := r.URL.Query()
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := io.ReadAll(z); err != nil {
				t.Error(err)
			}
			switch {
			case old && r.URL.Path == "/base/api/v2/write":
				http.NotFound(w, r)
				return
			case r.URL.Path == "/base/api/v2/write" &&
				(q.Get("org") != "o" || q.Get("bucket") != "b" || q.Get("precision") != "ns"),
				r.URL.Path == "/base/write" && q.Get("db") != "b":
				t.Errorf("%s?%s", r.URL.Path, r.URL.RawQuery)
			}
			w.WriteHeader(http.StatusNoContent)
		}))
		s := open(t, Options{URL: server.URL + "/base/", Org: "o", Database: "b"})
		for range 2 {
			if err := s.Save(within(t), bench.NewRecord(benchtest.StoredRun(3, time.Now()))); err != nil {
				t.Fatal(err)
			}
		}
		if old && (asked["/base/api/v2/write"] != 1 || asked["/base/write"] != 4) || !old &&
			(asked["/base/api/v2/write"] != 4 || asked["/base/write"] != 0) {
			t.Errorf("asked %v", asked)
		}
		s.Close()
		server.Close()
	}
}

// Values of a query are quoted: nothing in them is InfluxQL.
func TestQuoting(t *testing.T) {
	var q string
	made := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q = r.URL.Query().Get("q")
		switch {
		case q == `CREATE DATABASE "d\"b"` && r.Method == http.MethodPost:
			made = true
		case q == "SHOW DATABASES" && made:
			io.WriteString(w,
				`{"results":[{"series":[{"name":"databases","columns":["name"],"values":[["_internal"],["d\"b"]]}]}]}`)
			return
		}
		io.WriteString(w, `{"results":[{"statement_id":0}]}`)
	}))
	defer server.Close()
	s := open(t, Options{URL: server.URL, Database: `d"b`})
	defer s.Close()
	far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := runs(s, within(t), bench.Query{Location: `x' OR '1'='1`, ID: `\'; DROP DATABASE b`,
		Platform: "line\nbreak", Since: far.AddDate(-9000, 0, 0), Until: far}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"location_id" = 'x\' OR \'1\'=\'1'`, `"run_id" = '%5C\'; DROP DATABASE b'`,
		`"platform" = 'line%0Abreak'`, "time >= -9223372036854775806", "time < 9223372036854775806"} {
		if !strings.Contains(q, want) {
			t.Errorf("%s is not in %s", want, q)
		}
	}
	for _, want := range []string{`database d"b`, ""} {
		if made, err := s.Init(within(t), bench.Retention{}); err != nil || strings.Join(made, ",") != want {
			t.Errorf("init made %q, %v; want %q", made, err, want)
		}
	}
}

// Answers of /query that are none: they end in one error, not in silence.
func TestAnswersThatAreNone(t *testing.T) {
	for body, says := range map[string]string{
		`{"results":[{"statement_id":0,"error":"database not found: b"}]}`: "make it",
		`{"error":"error parsing query"}`:                                  "error parsing query",
		`<html>hello</html>`:                                               "does not answer as an InfluxDB",
		`{"results":[{"series":[{"name":"rtcbench_run","columns":["time","run_id"],` +
			`"values":[[1,"x"]]}]}]}`: "run x: the number of pieces",
		`{"results":[{"series":[`: "does not answer as an InfluxDB",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, body)
		}))
		s := open(t, Options{URL: server.URL, Database: "b"})
		if _, err := runs(s, within(t), bench.Query{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", body, err)
		}
		s.Close()
		server.Close()
	}
}

// A server that takes the connection and says nothing holds nobody longer than the context.
func TestAServerThatIsSilent(t *testing.T) {
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	defer server.Close()
	defer close(end)
	s := open(t, Options{URL: server.URL, Database: "b"})
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Save(ctx, bench.NewRecord(benchtest.StoredRun(3, time.Now()))); !errors.Is(err,
		context.DeadlineExceeded) || isRejected(err) {
		t.Error(err)
	}
	s = open(t, Options{URL: server.URL, Database: "b", Timeout: 50 * time.Millisecond})
	defer s.Close()
	if err := s.Save(within(t), bench.NewRecord(benchtest.StoredRun(3, time.Now()))); err == nil || isRejected(err) ||
		!strings.Contains(err.Error(), "Timeout") && !errors.Is(err, context.DeadlineExceeded) { // net/http has both
		t.Error(err)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A server that is busy for a moment is asked again when it wants to be, and not for ever, and not beyond the context.
func TestABusyServer(t *testing.T) {
	for _, c := range []struct {
		name     string
		busy     int // so many answers
		after    string
		within   time.Duration
		requests int
		took     time.Duration
		ok       bool
	}{
		{"a moment", 2, "3", time.Minute, 4, 6 * time.Second, true},
		{"a date", 1, "Sat, 01 Jan 2000 00:00:02 GMT", time.Minute, 3, 2 * time.Second, true},
		{"on and on", 100, "1", time.Minute, tries, 3 * time.Second, false},
		{"long", 100, "60", time.Hour, 1, 0, false},
		{"longer than there is time", 100, "4", 3 * time.Second, 1, 0, false},
		{"it does not say", 100, "", time.Minute, 1, 0, false},
		{"nonsense", 100, "soon", time.Minute, 1, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // time begins with the year 2000
				requests := 0
				s := open(t, Options{URL: "http://play", Database: "b", Timeout: time.Hour,
					transport: transport(func(r *http.Request) (*http.Response, error) {
						requests++
						answer := &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{},
							Body: http.NoBody, Request: r}
						if requests <= c.busy {
							answer.StatusCode = http.StatusTooManyRequests
							answer.Header.Set("Retry-After", c.after)
						}
						return answer, nil
					})})
				defer s.Close()
				ctx, cancel := context.WithTimeout(t.Context(), c.within)
				defer cancel()
				began := time.Now()
				err := s.Save(ctx, bench.NewRecord(benchtest.StoredRun(3, began.Add(-time.Hour))))
				if took := time.Since(began); (err == nil) != c.ok || isRejected(err) || requests != c.requests ||
					took != c.took {
					t.Errorf("%d requests in %v, %v; want %d in %v", requests, took, err, c.requests, c.took)
				}
			})
		})
	}
}
