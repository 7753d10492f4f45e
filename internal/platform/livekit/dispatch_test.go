package livekit_test

import (
	"context"
	"strings"
	"testing"

	protocol "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/options"
	"rtcbench/internal/sandbox/sandboxtest"
)

// TestDispatch: the order is with the server until it is deleted, also where the server makes no room by itself.
func TestDispatch(t *testing.T) {
	server := sandboxtest.StartAs(t, func(o *options.Server) { o.NoAutoCreate = true })
	key := livekit.Key{Key: server.Key, Secret: server.Secret}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	names := func() (names []string) {
		t.Helper()
		all, err := lksdk.NewAgentDispatchServiceClient(server.URL, server.Key, server.Secret).
			ListDispatch(ctx, &protocol.ListAgentDispatchRequest{Room: "sent"})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range all.AgentDispatches {
			if d.AgentName != "" { // the server's own, for agents without a name
				names = append(names, d.AgentName)
			}
		}
		return names
	}
	d, err := key.Dispatch(ctx, server.URL, "sent", "livekit-echo")
	if err != nil {
		t.Fatal(err)
	}
	if got := names(); len(got) != 1 || got[0] != "livekit-echo" {
		t.Errorf("the server has dispatches of %q", got)
	}
	if fate := d.Fate(ctx, ""); !strings.Contains(fate, `no worker took the job of agent "livekit-echo"`) {
		t.Error(fate)
	}
	if err := d.Delete(ctx); err != nil {
		t.Error(err)
	}
	if got := names(); len(got) != 0 {
		t.Errorf("after Delete: %q", got)
	}
	if err := d.Delete(ctx); err != nil {
		t.Errorf("one that is gone: %v", err)
	}
	wrong := livekit.Key{Key: server.Key, Secret: strings.Repeat("wrong", 10)}
	if _, err := wrong.Dispatch(ctx, server.URL, "sent", "livekit-echo"); err == nil ||
		!strings.Contains(err.Error(), "refuses the API key") || strings.Contains(err.Error(), "http") {
		t.Errorf("a wrong key: %v", err)
	}
}
