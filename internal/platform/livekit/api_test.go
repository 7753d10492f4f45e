package livekit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	protocol "github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/livekit"
)

// apiAnswer is what a server of Twirp, or somebody in its place, answers to one method.
type apiAnswer struct {
	status int
	kind   string
	body   string
}

const (
	protobuf = "application/protobuf"
	jsonKind = "application/json"
	html     = "text/html; charset=utf-8"
)

func message(t *testing.T, m proto.Message) string {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestTheServersWord: an order of ours was taken when the server says so in its own form, and by nobody else's answer,
// whatever its status is and whatever its bytes happen to be. What is told is one line, with whose answer it was and
// without a secret.
func TestTheServersWord(t *testing.T) {
	key := livekit.Key{Key: "APIkey", Secret: "the-secret-of-the-key"}
	// Each of these is an answer to any method.
	others := map[string]struct {
		answer apiAnswer
		want   string
	}{
		"a login page": {apiAnswer{200, html, "<html><title>Log in</title>"}, `HTTP 200 OK, which says: ` +
			`"Log in" (that is a web page`},
		"a page that would parse": {apiAnswer{200, html, "\n\x04page"}, `HTTP 200 OK, which says: "page" (that is ` +
			`a web page`},
		"nothing":             {apiAnswer{200, "", ""}, "HTTP 200 OK (that is a web page"},
		"no content":          {apiAnswer{204, "", ""}, "HTTP 204 No Content (that is a web page"},
		"accepted":            {apiAnswer{202, protobuf, ""}, "HTTP 202 Accepted (that is a web page"},
		"JSON":                {apiAnswer{200, jsonKind, `{"error":"no"}`}, "HTTP 200 OK, which says: "},
		"no Protocol Buffers": {apiAnswer{200, protobuf, "<html>"}, "internal: failed to unmarshal proto response"},
		"a proxy's 404": {apiAnswer{404, html, "no route"}, `HTTP 404 Not Found, which says: "no route" (is it ` +
			`a LiveKit server`},
		"a proxy's JSON": {apiAnswer{503, jsonKind, `{"message":"no\nupstream"}`},
			"HTTP 503 Service Unavailable, which says: "},
		"sent on": {apiAnswer{307, html, ""}, "HTTP 307 Temporary Redirect (it sends us to other.example, " +
			"which nobody gave"},
		"a proxy's password": {apiAnswer{407, html, ""}, "HTTP 407 Proxy Authentication Required (the proxy on the " +
			"way wants a name and a password"},
		"no access": {apiAnswer{401, "text/plain", "invalid token: the-secret-of-the-key"},
			`HTTP 401 Unauthorized, which says: "invalid token: …" (the server refuses the API key`},
		"not allowed": {apiAnswer{403, jsonKind, `{"code":"permission_denied","msg":"no\ngrants"}`},
			"the server refuses the API key (permission_denied: no grants)"},
		"an old server": {apiAnswer{404, jsonKind, `{"code":"bad_route","msg":"no handler for path"}`},
			"the server has no such API (bad_route: no handler for path)"},
		"out of order": {apiAnswer{500, jsonKind, `{"code":"internal","msg":"the-secret-of-the-key"}`}, "internal: …"},
	}
	room := message(t, &protocol.Room{Sid: "RM_1", Name: "room"})
	good := map[string]apiAnswer{
		"CreateRoom": {200, protobuf, room},
		"DeleteRoom": {200, protobuf, ""},
		"ListRooms": {200, protobuf,
			message(t, &protocol.ListRoomsResponse{Rooms: []*protocol.Room{{Sid: "RM_1", Name: "room"}}})},
		"ListParticipants": {200, protobuf,
			message(t,
				&protocol.ListParticipantsResponse{Participants: []*protocol.ParticipantInfo{{Identity: "echo"}}})},
		"CreateDispatch": {200, protobuf,
			message(t, &protocol.AgentDispatch{Id: "AD_1", AgentName: "echo", Room: "room"})},
		"DeleteDispatch": {200, protobuf,
			message(t, &protocol.AgentDispatch{Id: "AD_1", AgentName: "echo", Room: "room"})},
	}
	calls := map[string]func(ctx context.Context, url string) error{
		"CreateRoom": func(ctx context.Context, url string) error {
			_, err := key.Dispatch(ctx, url, "room", "echo")
			return err
		},
		"CreateDispatch": func(ctx context.Context, url string) error {
			_, err := key.Dispatch(ctx, url, "room", "echo")
			return err
		},
		"DeleteDispatch": func(ctx context.Context, url string) error {
			d, err := key.Dispatch(ctx, url, "room", "echo")
			return errors.Join(err, d.Delete(ctx))
		},
		"DeleteRoom": func(ctx context.Context, url string) error { return key.DeleteRoom(ctx, url, "room") },
		"ListRooms": func(ctx context.Context, url string) error {
			names, err := key.Rooms(ctx, url, "")
			if err == nil && len(names) != 1 {
				err = errors.New("no room")
			}
			return err
		},
		"ListParticipants": func(ctx context.Context, url string) error {
			_, err := key.Participants(ctx, url, "room")
			return err
		},
	}
	var answers map[string]apiAnswer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := answers[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
		w.Header()["Content-Type"] = nil
		if a.kind != "" {
			w.Header().Set("Content-Type", a.kind)
		}
		w.Header().Set("Location", "https://other.example/?token="+r.Header.Get("Authorization"))
		w.WriteHeader(a.status)
		io.WriteString(w, a.body)
	}))
	defer server.Close()
	try := func(method string, a apiAnswer) error {
		answers = map[string]apiAnswer{}
		for name, well := range good {
			answers[name] = well
		}
		answers[method] = a
		return calls[method](t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"))
	}
	for method := range calls {
		if err := try(method, good[method]); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		for name, c := range others {
			err := try(method, c.answer)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: %v, want %s", method, name, err, c.want)
				continue
			}
			if text := err.Error(); strings.Contains(text, "\n") || strings.Contains(text, key.Secret) ||
				strings.Contains(text, "eyJ") {
				t.Errorf("%s, %s: %q", method, name, text)
			}
		}
		gone := try(method, apiAnswer{404, jsonKind, `{"code":"not_found","msg":"no such room"}`})
		if may := strings.HasPrefix(method, "Delete") || method == "ListParticipants"; may != (gone == nil) {
			t.Errorf("%s of what is gone: %v", method, gone)
		}
	}
	for method, empty := range map[string]string{"CreateRoom": "", "CreateDispatch": room} {
		if err := try(method, apiAnswer{200, protobuf, empty}); err == nil ||
			!strings.Contains(err.Error(), "does not name it") {
			t.Errorf("%s with an answer that does not say what was made: %v", method, err)
		}
	}
}

// TestTheServersSilence: a call ends by its context, also with much time and with a server that is silent, and says
// what it waited for.
func TestTheServersSilence(t *testing.T) {
	const limit = 6 * time.Second // from five on the SDK's own client would take the limit off
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	begin := time.Now()
	_, err := (livekit.Key{Key: "k", Secret: "s"}).Rooms(ctx, "ws://"+benchtest.SilentServer(t), "")
	if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took < limit ||
		!strings.Contains(err.Error(), "no answer, waiting for the answer to the request") {
		t.Errorf("after %v: %v", took, err)
	}
}
