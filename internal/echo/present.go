package echo

import (
	"strings"

	"rtcbench/bench"
)

// Waits reports whether one of these participants waits for an echo: somebody is there, and no other echo of rtcbench
// is. own is this echo's name, which a server may still list for a seat that was lost.
func Waits(participants []string, own string) bool {
	someone := false
	for _, p := range participants {
		switch {
		case p == own:
		case IsNoEcho(p):
			someone = true
		default:
			return false
		}
	}
	return someone
}

// IsNoEcho reports whether a participant is something else than an echo of rtcbench.
func IsNoEcho(identity string) bool { return !strings.HasPrefix(identity, "rtcbench-echo-") }

// Present are the other participants in a LiveKit room.
func Present(s bench.Session) []string {
	if s, ok := s.(interface{ Present() []string }); ok {
		return s.Present()
	}
	return nil
}
