package measure

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
)

// TestNobodyMeasuresWhatIsNotThere: whoever asks a platform for what it does not carry hears so before a room is made,
// also where no command line has looked.
func TestNobodyMeasuresWhatIsNotThere(t *testing.T) {
	for _, x := range []struct {
		platform bench.Platform
		class    bench.TransportClass
	}{
		{daily.Platform, bench.DataChannelLossy}, {livekit.Platform, bench.SignallingWebSocket},
	} {
		p, name, class := x.platform, x.platform.Name, x.class
		p.Meet = nil // nobody gets so far
		job := Job{Platform: name, Plan: bench.Plan{Count: 1, Class: class}}
		run, err := Do(t.Context(), job, Env{Platforms: map[string]bench.Platform{name: p}}, nil)
		var no *bench.NotCarriedError
		if !errors.As(err, &no) || no.Error() != p.Title+" has no "+class.Label() || run.ID != "" {
			t.Errorf("%s, %s: %v", name, class, err)
		}
	}
}

// TestAnEchoAnswersWhatIsThere: an echo's seat is good for audio where the platform carries it, and for messages alone
// elsewhere, whoever takes the seat. A guest of an echo service gets no room for what is not there.
func TestAnEchoAnswersWhatIsThere(t *testing.T) {
	var asked []bench.TransportClass
	onlyMessages := bench.Platform{Name: "ether", Title: "Ether", Media: []bench.TransportClass{bench.InProcess}}
	for want, p := range map[bench.TransportClass]bench.Platform{
		bench.RTPAudio: livekit.Platform, "": onlyMessages,
	} {
		p.Transport, p.Rooms = nil, func(bench.Place) bench.Rooms { return nil }
		p.Meet = func(where bench.Place, _ time.Duration) bench.Meeting {
			asked = append(asked, where.Class)
			return nobodyMeets{}
		}
		asked = nil
		Answering(p, bench.Place{}, "echo")
		if _, err := Watch(p, bench.Place{}, "bench-", time.Minute).Join(t.Context(), "bench-1"); err == nil {
			t.Error("a seat in no room")
		}
		if !slices.Equal(asked, []bench.TransportClass{want, want}) {
			t.Errorf("%s: seats for %q, want %q", p.Name, asked, want)
		}
		asked = nil
		var no *bench.NotCarriedError
		for what, host := range map[string]echo.Host{"native": NativeHost{Platform: p}, "page": PageHost{Platform: p}} {
			_, err := host.Open(t.Context(), time.Minute, bench.SignallingWebSocket)
			if !errors.As(err, &no) || len(asked) > 0 {
				t.Errorf("%s, %s host: %v, %d rooms", p.Name, what, err, len(asked))
			}
		}
	}
}

// nobodyMeets is a room that gives no seat.
type nobodyMeets struct{ bench.Meeting }

func (nobodyMeets) Seat(bench.Role, string) (bench.Seat, error) {
	return bench.Seat{}, errors.New("no seat")
}
func (nobodyMeets) Explain(_ context.Context, _ bench.Seat, err error) error { return err }
