package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/daily/standin"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
	"rtcbench/internal/sandbox/sandboxtest"
)

// original is an echo service as the original tool has it: its answers are that one's, byte for byte but for the rooms.
type original struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

// requests are what it was asked, in order.
func (o *original) requests() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

const originalRoom = "0b6f9a52-4f2e-4f0c-9d0e-7c6a1a8a2f11"

// startOriginal starts one. platforms are the two keys of its invitation behind room_id.
func startOriginal(t *testing.T, platforms string) *original {
	t.Helper()
	o := &original{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		o.mu.Lock()
		o.asked = append(o.asked, r.Method+" "+r.URL.Path+string(body))
		o.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch r.Method + " " + r.URL.Path {
		case "POST /connect":
			fmt.Fprintf(w, `{"room_id":"%s",%s}`, originalRoom, platforms)
		case "POST /disconnect":
			fmt.Fprintf(w, `{"status":"success","room_id":"%s","message":"Disconnected from room `+
				`%[1]s","cleaned_up":true}`, originalRoom)
		default:
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"detail":"Not Found"}`)
		}
	}))
	t.Cleanup(o.Close)
	return o
}

// originalOnLiveKit is a service with an echo in its room.
func originalOnLiveKit(t *testing.T, server *sandboxtest.Server) *original {
	t.Helper()
	key := livekit.Key{Key: server.Key, Secret: server.Secret}
	token := func(identity string) string {
		token, err := key.Mint("benchmark-1", identity, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	s, err := livekit.Transport{}.Join(t.Context(), bench.Room{URL: server.URL, Token: token("echo-agent")},
		bench.JoinOptions{ReconnectTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	go benchtest.PlaySession(s, func(_ int, t1 string) []benchtest.Reply {
		return []benchtest.Reply{benchtest.Pong(t1, 0)}
	})
	t.Cleanup(func() { s.Close() })
	return startOriginal(t,
		fmt.Sprintf(
			`"daily":null,"livekit":{"server_url":%q,"room_name":"benchmark-1","token":%q,`+
				`"expires_at":1795648320.7335489}`, server.URL, token("runner")))
}

// originalOnDaily is the same on Daily.
func originalOnDaily(t *testing.T, s *standin.Server) *original {
	t.Helper()
	url := s.AddRoom("benchmark-1")
	guest, err := s.Join("benchmark-1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { guest.Close() })
	go func() {
		for n := 1; ; n++ {
			v, err := guest.Recv(time.Minute)
			if err != nil {
				return
			}
			if ping, _ := v.(map[string]any); ping["type"] == "ping" {
				guest.Send(map[string]any{"type": "pong", "client_timestamp": ping["timestamp"],
					"server_receive_time": 10.5, "server_send_time": 10.75, "message_count": n})
			}
		}
	}()
	return startOriginal(t, fmt.Sprintf(`"daily":{"room_url":%q,"expires_at":1795648320.7335489},"livekit":null`, url))
}

// Two services of the original, one for each platform, and a service of one platform beside a room of the other.
func TestBothAskTwoOriginals(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	s, server := startStandin(t), sandboxtest.Start(t)
	onDaily, onLiveKit := originalOnDaily(t, s), originalOnLiveKit(t, server)
	key := []string{"--livekit-url", server.URL, "--livekit-api-key", server.Key, "--livekit-api-secret", server.Secret}
	for name, c := range map[string]struct {
		args, env      []string
		kinds          [2]string
		daily, livekit *original
	}{
		"flags": {[]string{"--daily-agent-url", onDaily.URL, "--livekit-agent-url", onLiveKit.URL}, nil,
			[2]string{"original", "original"}, onDaily, onLiveKit},
		"the environment, and a dead one for both": {nil,
			[]string{"DAILY_AGENT_URL=" + onDaily.URL, "LIVEKIT_AGENT_URL=" + onLiveKit.URL,
				"ECHO_AGENT_URL=http://127.0.0.1:1"}, [2]string{"original", "original"}, onDaily, onLiveKit},
		"a service and a key": {append(key, "--daily-agent-url", onDaily.URL), nil, [2]string{"original", "rtcbench"},
			onDaily, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := map[*original]int{onDaily: len(onDaily.requests()), onLiveKit: len(onLiveKit.requests())}
			out := filepath.Join(t.TempDir(), "both.json")
			run := startIn(t, c.env,
				append([]string{"both", "--daily-bundle-url", s.BundleURL(), "--chrome-resolver-rules",
					"MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
					"-n", "10", "-c", "50", "--connect-timeout", "2m", "-o", out}, c.args...)...)
			if code := run.exit(t, 4*time.Minute); code != 0 {
				t.Fatalf("exit code %d:\n%s", code, run.stderr())
			}
			var both report.Both
			data, err := os.ReadFile(out)
			if err == nil {
				err = json.Unmarshal(data, &both)
			}
			if err != nil || both.Daily == nil || both.Livekit == nil {
				t.Fatalf("%v\n%s", err, run.stderr())
			}
			for i, f := range []*result.File{both.Daily, both.Livekit} {
				if kind := f.Details.Echo.Kind; kind == nil || *kind != c.kinds[i] || f.Details.Counts.Foreign != 0 {
					t.Errorf("%s: echo %+v, %+v", f.Platform, f.Details.Echo, f.Details.Counts)
				}
			}
			for _, o := range []*original{onDaily, onLiveKit} {
				want := []string{"POST /connect", `POST /disconnect{"room_id":"` + originalRoom + `"}`}
				if o != c.daily && o != c.livekit {
					want = nil
				}
				if got := o.requests()[before[o]:]; !slices.Equal(got, want) {
					t.Errorf("asked %q, want %q", got, want)
				}
			}
		})
	}
}
