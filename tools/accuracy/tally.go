package main

// tallyVariable is the environment variable that names a file. When it is set, the tests take the whole count of seeds
// and append each tally to that file, as a line of JSON; `go test` needs -count 1 with it, or it may find that nothing
// has changed.
const tallyVariable = "RTCBENCH_ACCURACY"

// tally is how often a known answer held. The tests of this package run the prober, the echo, the summary and the
// comparison as they are, over the loopback platform and the lab's models of paths, in fake time and with fixed seeds,
// and count how often the answer holds. They measure no network, and say nothing of real clocks.
type tally struct {
	What    string  `json:"what"`
	Want    int     `json:"want"` // so often at the least
	Hold    int     `json:"hold"`
	Of      int     `json:"of"`
	Detail  string  `json:"detail,omitempty"`
	Beside  bool    `json:"beside,omitempty"` // nobody promised this row: it is told for what it teaches
	Seconds float64 `json:"seconds"`          // how long it took to count
}

// ok reports whether the answer held as often as is wanted.
func (t tally) ok() bool { return t.Hold >= t.Want }
