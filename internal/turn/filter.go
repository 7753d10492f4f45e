package turn

import "math"

// highpass removes what is below speech from samples: hum, and the slow waver of noise, which comes and goes within
// windows of 5 ms. It is a Butterworth filter of second order (the cookbook of R. Bristow-Johnson, "HPF", Q = 1/√2).
type highpass struct{ x1, x2, y1, y2 float64 }

// lowest is the frequency, in Hz, at which the filter is 3 dB down: no voice begins below.
const lowest = 120

var hp = func() (c struct{ b, a1, a2 float64 }) {
	w := 2 * math.Pi * lowest / Rate
	alpha, cos := math.Sin(w)/math.Sqrt2, math.Cos(w)
	return struct{ b, a1, a2 float64 }{(1 + cos) / 2 / (1 + alpha), -2 * cos / (1 + alpha), (1 - alpha) / (1 + alpha)}
}()

// filter changes samples in place.
func (f *highpass) filter(samples []float32) {
	for i, s := range samples {
		x := float64(s)
		y := hp.b*(x-2*f.x1+f.x2) - hp.a1*f.y1 - hp.a2*f.y2
		f.x2, f.x1, f.y2, f.y1 = f.x1, x, f.y1, y
		samples[i] = float32(y)
	}
}
