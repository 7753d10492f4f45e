package loopback_test

import (
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/loopback"
)

func TestTransport(t *testing.T) {
	var transport loopback.Transport
	benchtest.TestTransport(t, benchtest.Platform{
		Transport: &transport,
		Room:      func(_ *testing.T, name, _ string) bench.Room { return bench.Room{Name: name} },
		End:       func(_ *testing.T, name string) { transport.End(name) },
	})
}
