package measure

import (
	"errors"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/platform"
)

// TestNobodyMeasuresWhatIsNotThere: whoever asks a platform for what it does not carry hears so before a room is made,
// also where no command line has looked.
func TestNobodyMeasuresWhatIsNotThere(t *testing.T) {
	for name, class := range map[string]bench.TransportClass{
		"daily": bench.DataChannelLossy, "livekit": bench.SignallingWebSocket,
	} {
		p := platform.All[name]
		p.Meet = nil // nobody gets so far
		job := Job{Platform: name, Plan: bench.Plan{Count: 1, Class: class}}
		run, err := Do(t.Context(), job, Env{Platforms: map[string]bench.Platform{name: p}}, nil)
		var no *bench.NotCarriedError
		if !errors.As(err, &no) || no.Error() != p.Title+" has no "+class.Label() || run.ID != "" {
			t.Errorf("%s, %s: %v", name, class, err)
		}
	}
}
