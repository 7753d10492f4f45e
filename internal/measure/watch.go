package measure

import (
	"context"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
)

// echoTokenLife is how long a token of ours lets the echo in; each new seat gets a fresh one.
const echoTokenLife = 24 * time.Hour

// Answering gives a function that takes, at each call, the seat of the echo called name, with the native engine.
func Answering(p bench.Platform, place bench.Place, name string) func(context.Context) (bench.Session, error) {
	room := p.Meet(toAnswer(p, place), echoTokenLife)
	return func(ctx context.Context) (bench.Session, error) {
		return Join(ctx, p, room, bench.Answerer, name, bench.JoinOptions{ReconnectTimeout: echo.Patience})
	}
}

// toAnswer is place for the seat of an echo: its token allows messages, and audio where the platform carries audio.
func toAnswer(p bench.Platform, place bench.Place) bench.Place {
	if place.Class = ""; p.Carries(bench.RTPAudio) {
		place.Class = bench.RTPAudio
	}
	return place
}

// toInvite is place with a fresh room, for a guest who asks for a class.
func toInvite(p bench.Platform, place bench.Place, class bench.TransportClass) (bench.Place, error) {
	if !p.Carries(class) {
		return place, &bench.NotCarriedError{Platform: p.Title, Class: class}
	}
	place.Room, place.Guests, place.Class = secretName(), true, class
	return place, nil
}

// Watch is an echo.Watch for the rooms of a platform whose names begin with prefix. Each room is served as long as a
// participant waits in it. within is how long one join may take.
func Watch(p bench.Platform, place bench.Place, prefix string, within time.Duration) echo.Watch {
	rooms, name := p.Rooms(place), bench.NewIdentity(bench.Answerer)
	return echo.Watch{
		Rooms: func(ctx context.Context) ([]string, error) { return rooms.Named(ctx, prefix) },
		Waits: func(ctx context.Context, room string) (bool, error) {
			who, err := rooms.Present(ctx, room)
			return echo.Waits(who, name), err
		},
		Join: func(ctx context.Context, room string) (bench.Session, error) {
			in := place
			in.Room = room
			joining, cancel := context.WithTimeout(ctx, within)
			defer cancel()
			return Answering(p, in, name)(joining)
		},
		Alone:  func(s bench.Session) bool { return !slices.ContainsFunc(echo.Present(s), echo.IsNoEcho) },
		Within: within,
	}
}
