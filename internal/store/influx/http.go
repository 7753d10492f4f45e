package influx

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/redact"
)

// userAgent names the sender to the server's operator.
const userAgent = "rtcbench"

// send makes one request to path of the server. The caller closes the body of the answer.
func (s *Store) send(ctx context.Context, method, path string, query url.Values, body io.Reader, header http.Header) (
	*http.Response, error) {
	u := *s.base
	u.Path += path
	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, s.clean(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	// Every request may be sent twice: a point overwrites itself. This header lets net/http repeat a request when the
	// server had closed an idle connection. Without a value, the header itself is not sent
	// (pkg.go.dev/net/http#Transport).
	r.Header["Idempotency-Key"] = nil
	r.Header.Set("User-Agent", userAgent)
	switch user, password, pair := strings.Cut(s.token, ":"); {
	case s.token == "":
	case pair: // version 1; tokens of later versions contain no colon
		r.SetBasicAuth(user, password)
	default:
		r.Header.Set("Authorization", "Token "+s.token)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return nil, s.clean(err)
	}
	return answer, nil
}

// clean removes the URL from an error of net/http: it contains the query.
func (s *Store) clean(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("ask it: %w%s", err, advice.Of(err))
}

// refusal is an answer with an error status.
type refusal struct {
	words    bench.Words
	status   int
	reason   string
	location string
	wait     time.Duration // pause that the server asks for; 0 = none
	plain    bool          // no JSON: no InfluxDB sent the answer, or InfluxDB does not have the path
	page     *advice.Refused
	makeable bool // version 1 lacks the database; later versions report this by a code
}

// maxReason is how many characters of an error text are read and shown.
const maxReason = 500

func (s *Store) refused(answer *http.Response) *refusal {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	r := &refusal{words: s.words, status: answer.StatusCode, location: answer.Header.Get("Location"),
		wait: retryAfter(answer.Header.Get("Retry-After"), time.Now())}
	// Version 1 says {"error"}, 2 {"code","message"}, 3 {"error","data":…}.
	var said struct {
		Error   any    `json:"error"`
		Code    string `json:"code"`
		Message string `json:"message"`
		Data    any    `json:"data"`
	}
	if len(text) > 0 && text[0] == '{' && json.Unmarshal(text, &said) == nil {
		r.reason = said.Message
		if why, ok := said.Error.(string); ok && r.reason == "" {
			r.reason = why
		}
		if said.Data != nil {
			detail, _ := json.Marshal(said.Data)
			r.reason += " " + string(detail)
		}
	} else {
		r.plain, r.reason = true, string(text)
	}
	why, ok := said.Error.(string)
	r.makeable = r.status == http.StatusNotFound && ok && said.Code == "" && strings.HasPrefix(why, noDatabase)
	r.reason = s.harmless(r.reason)
	user, password, _ := strings.Cut(s.token, ":")
	r.page = advice.Page(answer, text, advice.Service{
		Name: "an InfluxDB", Path: s.base.Path,
		Refusal: bench.Hint("is ", s.words.Token, " right, and does whoever answers let this machine in?"),
		Missing: bench.Hint("is ", s.words.URL, " the address of an InfluxDB?"),
	}, s.token, user, password)
	return r
}

// noDatabase is the beginning of version 1's error text for a missing database. Version 1 has no code for it.
const noDatabase = "database not found"

// retryAfter parses the header Retry-After: seconds, or a date (RFC 9110, section 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// harmless is a text of the server on one line, short, and without the token: some servers repeat the token.
func (s *Store) harmless(text string) string { return redact.New(s.token).Line(text, maxReason) }

// unexpected is the error for an answer with a success status that InfluxDB does not give.
func (s *Store) unexpected(answer *http.Response, want int) error {
	r := s.refused(answer)
	said := cmp.Or(r.reason, s.harmless(answer.Header.Get("X-Influxdb-Error")))
	if said != "" {
		said = ": " + said
	}
	with := ""
	if answer.StatusCode == want {
		with = " with something behind it"
	}
	err := fmt.Errorf("it answers %d%s, and an InfluxDB says %d: nothing counts as taken%s%s",
		answer.StatusCode, with, want, said, bench.Hint(" (is ", s.words.URL, " its address, and no proxy's?)"))
	if !r.plain { // a JSON error is about this request
		return failed{err}
	}
	return err
}

// failed is the error of a server that can be reached and failed at this run. It wraps bench.ErrFailed.
type failed struct{ error }

func (f failed) Unwrap() []error { return []error{bench.ErrFailed, f.error} }

func (r *refusal) Error() string {
	said := r.reason
	if said == "" {
		said = http.StatusText(r.status)
	}
	switch {
	case r.plain && (r.page.Foreign() || r.reason != "") &&
		(r.status == http.StatusUnauthorized || r.status == http.StatusForbidden):
		// The cases below explain who sent the answer.
	case r.status == http.StatusUnauthorized:
		return "it does not accept the token: " + said +
			bench.Hint(" (", r.words.Token, "; for version 1 USER:PASSWORD)")
	case r.status == http.StatusForbidden:
		return "forbidden: " + said
	case r.makeable:
		return said + bench.Hint(" (make it: ", r.words.Init, ")")
	case r.status == http.StatusNotFound && !r.plain:
		return said + " (is there such a bucket in InfluxDB" + bench.Hint(", and are ", r.words.Names, " right") + "?)"
	case r.status >= 300 && r.status < 400 && r.location != "":
		host := "another path of its own"
		if u, err := url.Parse(r.location); err == nil && u.Host != "" {
			host = strings.TrimPrefix(u.Scheme+"://", "://") + u.Host
		}
		return fmt.Sprintf("it sends us on to %s, which could read the token", host) +
			bench.Hint(": name that in ", r.words.URL, "")
	case r.status >= 300 && r.status < 400:
		return fmt.Sprintf("it answers %d and does not say where else to ask", r.status) +
			bench.Hint(" (is ", r.words.URL, " its address, and no proxy's?)")
	}
	if r.wait > 0 && !r.plain {
		said += fmt.Sprintf(" (it asks to be left alone for %v)", r.wait.Round(time.Second))
	}
	if r.plain && r.status == http.StatusBadRequest {
		return fmt.Sprintf("the answer is %v", r.page) +
			bench.Hint(" (is ", r.words.URL, " right: its port, and http://?)")
	}
	if r.plain {
		return fmt.Sprintf("the answer is %v%s", r.page, advice.Of(r.page))
	}
	return fmt.Sprintf("answer %d: %s", r.status, said)
}

// Unwrap says whether another try may help. A wrong request is rejected for good. A token can be replaced, a database
// made, and a server restarted.
func (r *refusal) Unwrap() error {
	if r.status == http.StatusForbidden && r.page.Foreign() { // something between us and the server refused
		return nil
	}
	switch r.status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		if r.plain { // a proxy has a limit of its own, or the port wants TLS
			return bench.ErrFailed
		}
		return bench.ErrRejected
	case http.StatusForbidden:
		return bench.ErrRejected
	}
	if r.status >= 500 && r.wait == 0 { // a server that asks for a pause counts as away instead
		return bench.ErrFailed
	}
	return nil
}
