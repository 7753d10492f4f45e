package measure_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/measure"
)

// TestEachKindHasItsFloor: messages and audio packets take unlike times in an instrument, so each kind is calibrated,
// and a run is told that of its own kind alone. A platform that does not carry a kind has no floor of it.
func TestEachKindHasItsFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e ether
		env, p := e.env(), e.platform()
		p.Here = func() (bench.Place, func() error, error) {
			return bench.Place{URL: "ether://here", Room: "here"}, func() error { return nil }, nil
		}
		p.HereIs = "Ether here"
		mute := p
		p.Media = []bench.TransportClass{bench.DataChannelLossy, bench.RTPAudio}
		env.Platforms, env.Floors = map[string]bench.Platform{"ether": p, "mute": mute}, nil
		messages, packets := job("a").Plan, job("a").Plan
		packets.Class = bench.RTPAudio
		var paths []string
		floors := measure.Calibrate(t.Context(), env, []bench.Plan{messages, packets}, time.Minute,
			func(what string, s bench.Summary, err error) {
				if err != nil || len(s.RTTs) != messages.Count {
					t.Errorf("%s: %d pings, %v", what, len(s.RTTs), err)
				}
				paths = append(paths, what)
			})
		if want := []string{"native, in this process", "native, Ether here", "native, Ether here",
			"native, in this process, audio", "native, Ether here, audio"}; !slices.Equal(paths, want) {
			t.Errorf("%q were measured", paths)
		}
		byMessages := measure.FloorKey("ether", bench.Native, "", messages.Cooldown)
		byAudio := measure.FloorKey("ether", bench.Native, bench.RTPAudio, packets.Cooldown)
		if len(floors) != 3 || floors[byMessages].Pings != messages.Count || floors[byAudio].Pings != packets.Count {
			t.Fatalf("%+v", floors)
		}
		for key, ms := range map[string]float64{byMessages: 2, byAudio: 3} {
			f := floors[key]
			f.P50MS = ms
			floors[key] = f
		}
		for _, x := range []struct {
			class  bench.TransportClass
			floors measure.Floors
			want   time.Duration // 0 = none
		}{
			{"", floors, 2 * time.Millisecond}, {bench.DataChannelLossy, floors, 2 * time.Millisecond},
			{bench.RTPAudio, floors, 3 * time.Millisecond},
			{bench.RTPAudio, measure.Floors{byMessages: floors[byMessages]}, 0},
			{"", measure.Floors{byAudio: floors[byAudio]}, 0},
		} {
			j := job("b")
			j.Engine, j.Plan.Class, env.Floors = bench.Native, x.class, x.floors
			run, err := measure.Do(t.Context(), j, env, nil)
			var got time.Duration
			if run.Floor != nil {
				got = run.Floor.RTT
			}
			if err != nil || got != x.want {
				t.Errorf("class %q: the floor is %v, want %v; %v", x.class, got, x.want, err)
			}
		}
	})
}
