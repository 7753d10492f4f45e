package measure

import (
	"testing"
	"time"

	"rtcbench/bench"
)

// TestFloorsKeepTheirNanoseconds: what calibrate has measured comes back to the nanosecond, from milliseconds in a
// file.
func TestFloorsKeepTheirNanoseconds(t *testing.T) {
	run := bench.Run{Platform: "ether", Plan: bench.Plan{Cooldown: 20 * time.Millisecond}}
	for want := 500 * time.Microsecond; want < 501*time.Microsecond; want++ {
		Floors{FloorKey("ether", "", "", 20*time.Millisecond): {P50MS: float64(want) / 1e6, CooldownMS: 20}}.put(&run)
		if run.Floor == nil || run.Floor.RTT != want {
			t.Fatalf("%v was kept, and %+v came back", want, run.Floor)
		}
	}
}
