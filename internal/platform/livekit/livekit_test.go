package livekit_test

import (
	"context"
	"testing"
	"time"

	protocol "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

func room(t *testing.T, server *sandboxtest.Server, name, identity string) bench.Room {
	t.Helper()
	token, err := livekit.Key{Key: server.Key, Secret: server.Secret}.Mint(name, identity, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return bench.Room{URL: server.URL, Name: name, Token: token}
}

func TestTransport(t *testing.T) {
	server := sandboxtest.Start(t)
	benchtest.TestTransport(t, benchtest.Platform{
		Transport: livekit.Transport{},
		Room:      func(t *testing.T, name, identity string) bench.Room { return room(t, server, name, identity) },
		End: func(t *testing.T, name string) {
			rooms := lksdk.NewRoomServiceClient(server.URL, server.Key, server.Secret)
			if _, err := rooms.DeleteRoom(t.Context(), &protocol.DeleteRoomRequest{Room: name}); err != nil {
				t.Fatal(err)
			}
		},
		Silent: func(t *testing.T) bench.Room {
			return bench.Room{URL: "ws://" + benchtest.SilentServer(t), Token: "nobody reads it"}
		},
	})
}

func TestFacts(t *testing.T) {
	server := sandboxtest.Start(t)
	for _, class := range []bench.TransportClass{bench.DataChannelReliable, bench.DataChannelLossy} {
		lossy := class == bench.DataChannelLossy
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		s, err := livekit.Transport{}.Join(ctx, room(t, server, "facts", "me"),
			bench.JoinOptions{Class: class, ReconnectTimeout: time.Second})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		f := s.Facts()
		s.Close()
		reached := map[string]time.Duration{}
		for i, p := range f.Phases {
			reached[p.Name+" "+string(p.Leg)] = p.At
			if i > 0 && p.At < f.Phases[i-1].At {
				t.Errorf("phases are out of order: %v", f.Phases)
			}
		}
		for _, want := range []string{"signalling ", "ice subscriber", "ice publisher", "dtls subscriber",
			"dtls publisher", "data_channel subscriber", "data_channel publisher"} {
			if at, ok := reached[want]; !ok || at <= 0 {
				t.Errorf("phase %q: %v %v", want, at, ok)
			}
		}
		legs := map[bench.Leg]bool{}
		for _, p := range f.ICE {
			legs[p.Leg] = true
			if p.Local.Type == "" || p.Remote.Type == "" || p.Local.Protocol != "udp" || p.Remote.Family != "ipv4" ||
				p.Remote.Address == "" {
				t.Errorf("pair: %+v", p)
			}
		}
		if !legs[bench.Publisher] || !legs[bench.Subscriber] {
			t.Errorf("pairs: %+v", f.ICE)
		}
		if f.Server.Version == "" || f.Server.Node == "" {
			t.Errorf("server: %+v", f.Server)
		}
		if !f.Inbound.Known || f.Inbound.Ordered == lossy || (f.Inbound.MaxRetransmits != nil) != lossy {
			t.Errorf("inbound channel, lossy %v: %+v", lossy, f.Inbound)
		}
		t.Logf("%+v", f)
	}
	benchtest.NoLeak(t)
}
