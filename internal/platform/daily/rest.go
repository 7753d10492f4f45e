// Package daily makes and removes rooms of Daily (https://docs.daily.co/reference/rest-api) for a run. It joins no
// room: there is no Go SDK, so internal/browser joins with Daily's own JavaScript SDK.
package daily

import (
	"bytes"
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

// DefaultAPI is where Daily's REST interface lives.
const DefaultAPI = "https://api.daily.co/v1"

// MaxMessage is the longest app-message that Daily takes, in characters of its JSON.
const MaxMessage = 4096

// Regions are the values that Daily takes for geo.
var Regions = []string{
	"af-south-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2", "ap-south-1",
	"eu-central-1", "eu-west-2", "sa-east-1", "us-east-1", "us-west-2",
}

// Client calls the REST interface with one API key. Every call ends by its context.
type Client struct {
	API  string // "" = DefaultAPI
	Key  string // never in an error
	HTTP *http.Client
}

// Room is a room that was made.
type Room struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// is reports whether an answer describes the room of that name, and says where it is.
func (r Room) is(name string) bool {
	u, err := url.Parse(r.URL)
	return r.Name == name && err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// Error is what Daily answered.
type Error struct {
	Status int
	ID     string // stable: authentication-error, invalid-request-error, …
	Info   string // as Daily said it, on one line
	// Deleted is Daily's word that the room is gone, which comes with an error when it had expired.
	Deleted bool

	host string
	page *advice.Refused // the answer, where it is not of Daily's form: it may be somebody else's
}

// isGone reports whether Daily itself says that the room is not there. A 404 from somebody else does not say that.
func (e *Error) isGone() bool {
	return e.page == nil && (e.Status == http.StatusNotFound || e.Status/100 == 4 && e.Deleted)
}

func (e *Error) Error() string {
	if e.page != nil {
		return fmt.Sprintf("%s answers %v%s", e.host, e.page, advice.Of(e.page))
	}
	text := fmt.Sprintf("Daily answered %d", e.Status)
	if e.ID != "" {
		text += " " + e.ID
	}
	if e.Info != "" {
		text += ": " + e.Info
	}
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		text += " (is --api-key right, and may it do this?)"
	case e.Status == http.StatusTooManyRequests:
		text += " (too many requests; try again in a while)"
	case e.Status >= 500:
		text += " (Daily has a problem; see its status page)"
	}
	return text
}

// CreateRoom makes a private room that removes itself, and whoever is in it, at its end of life. geo ""
// leaves the region to Daily. The name is ours: a room whose making was not answered can be removed by it.
func (c *Client) CreateRoom(ctx context.Context, name string, end time.Time, geo string) (Room, error) {
	return c.create(ctx, name, "private", span{to: end}, geo)
}

// CreatePublicRoom makes a room that anybody who knows its name may join.
func (c *Client) CreatePublicRoom(ctx context.Context, name string, end time.Time, geo string) (Room, error) {
	return c.create(ctx, name, "public", span{to: end}, geo)
}

// span is when a room or a token is valid; a zero from means from now on.
type span struct{ from, to time.Time }

// properties are those of a room or a token that is valid for s. At the end of s, Daily puts out whoever is there by
// it.
func (s span) properties(eject string) map[string]any {
	p := map[string]any{"exp": s.to.Unix(), eject: true, "start_audio_off": true, "start_video_off": true}
	if !s.from.IsZero() {
		p["nbf"] = s.from.Unix()
	}
	return p
}

func (c *Client) create(ctx context.Context, name, privacy string, good span, geo string) (Room, error) {
	properties := good.properties("eject_at_room_exp")
	if geo != "" {
		properties["geo"] = geo
	}
	var room Room
	ask := map[string]any{"name": name, "privacy": privacy, "properties": properties}
	err := c.call(ctx, http.MethodPost, "/rooms", ask, &room, func() bool { return room.is(name) })
	if err != nil {
		if room, err = c.settle(ctx, name, err); err != nil {
			return Room{}, fmt.Errorf("create a Daily room: %w", err)
		}
	}
	return room, nil
}

// settle finds out whether a room was made although the request failed: the answer may have been lost, and Daily then
// refuses a second request because the room is there. If the room was made it is returned. If nobody can tell, the room
// is removed, for nobody will use it.
func (c *Client) settle(ctx context.Context, name string, failed error) (Room, error) {
	var refused *Error
	if errors.Is(failed, ErrElsewhere) || errors.As(failed, &refused) && refused.Status != http.StatusBadRequest &&
		refused.Status < 500 && refused.Status/100 != 2 {
		return Room{}, failed
	}
	asking, cancel := bench.Farewell(ctx, oneCall)
	defer cancel()
	var room Room
	err := ctx.Err()
	if err == nil {
		if room, err = c.Room(asking, name); err == nil {
			return room, nil
		}
	}
	if errors.As(err, &refused) && refused.isGone() {
		return Room{}, failed
	}
	switch err := c.DeleteRoom(asking, name); {
	case err != nil && ctx.Err() != nil:
		failed = fmt.Errorf("%w; if the room was made all the same, it ends by itself", failed)
	case err != nil:
		failed = fmt.Errorf("%w; it may be there all the same: %w; it ends by itself", failed, err)
	}
	return Room{}, failed
}

// Room looks up a room. The error for a room that is not there is an *Error with status 404.
func (c *Client) Room(ctx context.Context, name string) (room Room, err error) {
	err = c.call(ctx, http.MethodGet, "/rooms/"+url.PathEscape(name), nil, &room, func() bool { return room.is(name) })
	return room, err
}

// CreateToken makes a token for one room.
func (c *Client) CreateToken(ctx context.Context, room, userName string, end time.Time) (string, error) {
	return c.token(ctx, room, userName, span{to: end})
}

func (c *Client) token(ctx context.Context, room, userName string, good span) (string, error) {
	var answer struct{ Token string }
	properties := good.properties("eject_at_token_exp")
	properties["room_name"], properties["user_name"] = room, userName
	err := c.call(ctx, http.MethodPost, "/meeting-tokens", map[string]any{"properties": properties}, &answer,
		func() bool { return answer.Token != "" })
	if err != nil {
		return "", fmt.Errorf("create a token for Daily room %q: %w", room, err)
	}
	return answer.Token, nil
}

// DeleteRoom removes a room; one that is gone already is no error.
func (c *Client) DeleteRoom(ctx context.Context, name string) error {
	var gone struct{ Deleted bool }
	done := func() bool { return gone.Deleted }
	err := c.call(ctx, http.MethodDelete, "/rooms/"+url.PathEscape(name), nil, &gone, done)
	var refused *Error
	if errors.As(err, &refused) && refused.isGone() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete Daily room %q: %w", name, err)
	}
	return nil
}

const (
	attempts   = 5               // when Daily asks to wait, or has a problem
	firstPause = time.Second     // doubled each time, unless Daily says how long
	longest    = 8 * time.Second // of one pause
	oneCall    = 10 * time.Second
	maxAnswer  = 1 << 20
)

// call makes one request, and repeats it with growing pauses while the answer is 429 or 5xx. The answer is read into
// out; done then reports whether Daily did what was asked for.
func (c *Client) call(ctx context.Context, method, path string, in, out any, done func() bool) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		wait, err := c.once(ctx, method, path, in, out, done)
		var refused *Error
		again := errors.As(err, &refused) && (refused.Status == http.StatusTooManyRequests || refused.Status >= 500)
		if !again || attempt == attempts {
			return err
		}
		if wait == 0 {
			wait = pause
		}
		timer := time.NewTimer(min(wait, longest))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		pause *= 2
	}
}

// once makes one request. wait is how long Daily asks the client to wait before the next request, if it does.
func (c *Client) once(
	asked context.Context, method, path string, in, out any, done func() bool,
) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(asked, oneCall)
	defer cancel()
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(data)
	}
	api := c.API
	if api == "" {
		api = DefaultAPI
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(api, "/")+path, body)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+c.Key)
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	var steps advice.Steps
	request = request.WithContext(steps.Traced(ctx, request.URL.Scheme == "https", bench.StepAnswer, bench.StepRest))
	response, err := c.client().Do(request)
	if err != nil {
		return 0, unanswered(asked, request.URL.Host, steps.Now(), err)
	}
	defer response.Body.Close()
	data, err := advice.Body(response, maxAnswer)
	if err != nil {
		return 0, unanswered(asked, request.URL.Host, steps.Now(), err)
	}
	if to := response.Header.Get("Location"); to != "" && response.StatusCode/100 == 3 {
		return 0, elsewhere(request.URL, response.StatusCode, to)
	}
	if response.StatusCode != http.StatusOK || json.Unmarshal(data, out) != nil || !done() {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return time.Duration(seconds) * time.Second, c.refused(response, data)
	}
	return 0, nil
}

// refused makes an *Error of an answer other than the one that was wanted.
func (c *Client) refused(answer *http.Response, data []byte) *Error {
	refused := &Error{Status: answer.StatusCode, host: answer.Request.URL.Host}
	var said struct {
		Error, Info string
		Deleted     bool
	}
	understood := json.Unmarshal(data, &said) == nil
	if expired := answer.StatusCode/100 == 4 && said.Deleted; !understood || said.Error+said.Info == "" && !expired {
		refused.page = c.page(answer, data)
	}
	refused.ID, refused.Info, refused.Deleted = c.harmless(said.Error), c.harmless(said.Info), said.Deleted
	return refused
}

func (c *Client) page(answer *http.Response, data []byte) *advice.Refused {
	return advice.Page(answer, data, advice.Service{
		Path: c.path(), Name: "Daily's REST interface", Refusal: "is --api-key right, and may it do this?",
		Missing: "Daily's REST interface is at " + DefaultAPI,
	}, c.Key)
}

// unanswered is the error of a request that got no whole answer.
func unanswered(asked context.Context, host string, step bench.Step, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.Is(asked.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer from %s, waiting for %s: %w", host, step, asked.Err())
	case asked.Err() != nil:
		return context.Cause(asked)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer from %s in %v, waiting for %s", host, oneCall, step)
	}
	return fmt.Errorf("ask %s: %w%s", host, err, advice.Of(err))
}

// path is the path of the address in API; "" = no address was given.
func (c *Client) path() string {
	if u, err := url.Parse(c.API); err == nil {
		return u.Path
	}
	return ""
}

// transport is for all clients that have no transport of their own.
var transport = advice.Guarded(advice.Transport())

// client is the caller's, or one of this package; neither follows a redirect. A redirect would take the key to a host
// that nobody named, and would make a GET of a POST.
func (c *Client) client() *http.Client {
	own := http.Client{Transport: transport}
	if c.HTTP != nil {
		own = *c.HTTP
	}
	own.CheckRedirect = advice.NoRedirect
	return &own
}

// ErrElsewhere means that an answer redirects the client to another place. Redirects are not followed.
var ErrElsewhere = errors.New("sends the API key on to")

// elsewhere is the error of an answer that redirects the client. It names the new place without what may be secret in
// it.
func elsewhere(from *url.URL, status int, to string) error {
	at, err := from.Parse(to)
	if err != nil || at.Host == "" {
		return fmt.Errorf("%s %w an address that cannot be read, with status %d", from.Host, ErrElsewhere, status)
	}
	place := at.Scheme + "://" + at.Host
	if at.Scheme == from.Scheme && at.Host == from.Host {
		place = strconv.QuoteToASCII(at.Path)
	}
	return fmt.Errorf("%s %w %s, which was not named, with status %d (is the address of Daily's REST interface right?)",
		from.Host, ErrElsewhere, place, status)
}

// harmless is a text from Daily as one short line, without the key.
func (c *Client) harmless(text string) string {
	const most = 300
	return redact.New(c.Key).Line(text, most)
}
