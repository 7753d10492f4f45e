package livekit_test

import (
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/sandbox/sandboxtest"
)

// TestNothingOfOursIsAllocatedAPacket: by runner and echo, from the grid to the SDK and back, with a real server
// between them. The SDK's own allocations are its own.
func TestNothingOfOursIsAllocatedAPacket(t *testing.T) {
	server := sandboxtest.Start(t)
	answering(t, server, "lean", "echo")
	runner := sit(t, server, "lean", bench.Runner, "runner", patience)
	probe := func(packets int) map[string]int64 {
		return benchtest.Allocations(t, func() {
			p := audioPlan(packets)
			p.Cooldown = 2 * time.Millisecond
			if run, err := probeAudio(t, runner, p, nil); err != nil || run.Counts.Sent < packets/2 {
				t.Fatalf("%v, %+v", err, run.Counts)
			}
		})
	}
	const few, many = 50, 1050
	once := probe(few)
	for line, n := range probe(many) {
		if more := n - once[line]; more > (many-few)/10 {
			t.Errorf("%d allocations for %d packets more: %s", more, many-few, line)
		}
	}
}
