package loopback_test

import (
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/loopback"
	"rtcbench/internal/ping"
)

func TestTransport(t *testing.T) {
	var transport loopback.Transport
	benchtest.TestTransport(t, benchtest.Platform{
		Transport: &transport,
		Room:      func(_ *testing.T, name, _ string) bench.Room { return bench.Room{Name: name} },
		End:       func(_ *testing.T, name string) { transport.End(name) },
	})
}

func TestProber(t *testing.T) {
	benchtest.TestProber(t, func(t *testing.T, script benchtest.Script) bench.Prober {
		var transport loopback.Transport
		join := func(identity string) bench.Session {
			s, err := transport.Join(t.Context(), bench.Room{Name: "room"}, bench.JoinOptions{Identity: identity})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		}
		go benchtest.PlaySession(join("echo"), script)
		return ping.NewProber(join("runner"), bench.NewClock())
	})
}
