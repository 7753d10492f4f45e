package cli_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	protocol "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

// agentHost plays the worker of an agent: an echo joins each room that a dispatch names.
type agentHost struct {
	*sandboxtest.Server
	api *lksdk.AgentDispatchClient
}

func (h agentHost) rooms(ctx context.Context) (names []string) {
	all, err := lksdk.NewRoomServiceClient(h.URL, h.Key, h.Secret).ListRooms(ctx, &protocol.ListRoomsRequest{})
	if err != nil {
		return nil
	}
	for _, r := range all.Rooms {
		names = append(names, r.Name)
	}
	return names
}

// dispatches are those of a room that somebody asked for by an agent's name.
func (h agentHost) dispatches(ctx context.Context, room string) []*protocol.AgentDispatch {
	all, err := h.api.ListDispatch(ctx, &protocol.ListAgentDispatchRequest{Room: room})
	if err != nil { // the room has ended
		return nil
	}
	return slices.DeleteFunc(all.AgentDispatches, func(d *protocol.AgentDispatch) bool { return d.AgentName == "" })
}

// serve answers in the first room that the agent is dispatched into, and gives its name.
func (h agentHost) serve(t *testing.T, ctx context.Context, agent string, sent chan<- string) {
	for ctx.Err() == nil {
		for _, room := range h.rooms(ctx) {
			for _, d := range h.dispatches(ctx, room) {
				if d.AgentName != agent {
					continue
				}
				token, _ := livekit.Key{Key: h.Key, Secret: h.Secret}.Mint(room, "agent-AJ_1", time.Hour)
				in := bench.Room{URL: h.URL, Token: token}
				s, err := livekit.Transport{}.Join(ctx, in, bench.JoinOptions{ReconnectTimeout: time.Minute})
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				sent <- room
				echo.Answer(ctx, s, bench.NewClock())
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// A named agent is dispatched into the run's room, answers as a remote echo, and is called back; one that does not come
// is named.
func TestAgentByName(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	server := sandboxtest.Start(t)
	h := agentHost{server, lksdk.NewAgentDispatchServiceClient(server.URL, server.Key, server.Secret)}
	key := []string{
		"livekit", "-s", server.URL, "--api-key", server.Key, "--api-secret", server.Secret, "-n", "5", "-c", "10",
	}
	for name, room := range map[string]string{"a fresh room": "", "a room of a name": "agents-meet"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			sent, out := make(chan string, 1), filepath.Join(t.TempDir(), "out.json")
			go h.serve(t, ctx, "livekit-echo", sent)
			args := append(key, "--agent-name", "livekit-echo", "--echo-timeout", "2m", "-o", out)
			if room != "" {
				args = append(args, "--room", room)
			}
			p := start(t, args...)
			if code := p.exit(t, patience); code != 0 {
				t.Fatalf("exit code %d:\n%s", code, p.stderr())
			}
			in := <-sent
			if left := h.dispatches(ctx, in); len(left) != 0 {
				t.Errorf("in room %q the dispatch is still there: %v", in, left)
			}
			if f := readFile(t, out); f.Details.Echo.Mode != "remote" || *f.Details.Echo.Identity != "agent-AJ_1" {
				t.Errorf("%+v", f.Details.Echo)
			}
		})
	}
	t.Run("nobody comes", func(t *testing.T) {
		p := start(t, append(key, "--agent-name", "nobody", "--room", "agents-miss", "--echo-timeout", "1s")...)
		code := p.exit(t, patience)
		if code != 1 || !strings.Contains(p.stderr(), `no worker took the job of agent "nobody"`) {
			t.Errorf("exit code %d:\n%s", code, p.stderr())
		}
		if left := h.dispatches(t.Context(), "agents-miss"); len(left) != 0 {
			t.Errorf("the dispatch is still there: %v", left)
		}
	})
}
