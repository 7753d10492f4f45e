package ping

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/recorder"
)

// Every ping is found by its T1 as another program's JSON reader may give it back, and by no other T1.
func TestStamps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var s recorder.Stamps
		now := 1e12 + random.Float64()*1.19e12 // 2001 to 2039
		var sent []float64
		for seq := range uint32(2000) {
			switch random.IntN(4) {
			case 0: // at the same moment
			case 1: // the clock's finest step
				now = math.Nextafter(now, math.Inf(1))
			case 2:
				now += random.Float64() / 100
			default:
				now += random.Float64() * 1000
			}
			sent = append(sent, s.Add(now, seq))
		}
		for i, t1 := range sent {
			text := string(appendPing(nil, t1, 1, "r", bench.Plan{}))
			number := text[strings.Index(text, `p":`)+3 : strings.Index(text, `,"seq"`)]
			if _, decimals, _ := strings.Cut(number, "."); len(decimals) > 3 || strings.ContainsAny(number, "eE") {
				t.Fatalf("%s has more than three decimals", number)
			}
			var read float64
			if err := json.Unmarshal([]byte(number), &read); err != nil || read != t1 {
				t.Fatalf("%s reads as %v, %v; want %v", number, read, err, t1)
			}
			if i > 0 && t1 <= sent[i-1] {
				t.Fatalf("ping %d: %v after %v", i, t1, sent[i-1])
			}
			// the last bit may be lost
			for _, back := range []float64{t1, math.Nextafter(t1, 0), math.Nextafter(t1, math.Inf(1))} {
				if at, _, ok := s.Find(back); !ok || int(at) != i {
					t.Fatalf("%v, of ping %d, is found as %d, %v", back, i, at, ok)
				}
			}
			for _, other := range []float64{t1 - 0.001, t1 + 0.001} {
				if at, _, ok := s.Find(other); ok && int(at) == i {
					t.Fatalf("%v is taken for %v", other, t1)
				}
			}
		}
		for _, other := range []float64{0, -sent[0], sent[0] - 0.001, sent[len(sent)-1] + 0.001, 1e300, -1e300,
			math.Inf(1)} {
			if at, _, ok := s.Find(other); ok {
				t.Fatalf("%v is found as %d", other, at)
			}
		}
	}
}
