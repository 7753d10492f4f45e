package report

import (
	"bytes"
	"strings"
	"testing"
)

// TestStatusOfAStoreThatIsOff: a run that waits for a store which nobody asks any more does not look as if it were
// about to come.
func TestStatusOfAStoreThatIsOff(t *testing.T) {
	var b bytes.Buffer
	err := WriteStatus(&b, Status{Stores: []string{"sqlite:x"}, Waiting: Queue{Runs: 3, Oldest: []Waiting{
		{RunID: "1", Store: "sqlite:x"}, {RunID: "2", Store: "influxdb:old/x"},
		{RunID: "3", Store: "influxdb:old/x", Tries: 2, Error: "refused"},
	}}})
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{"not offered yet", "not offered: this store is not on", "tried 2 times; this " +
		"store is not on now: refused"} {
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("no %q, %v:\n%s", want, err, text)
		}
	}
}

// Of many runs the oldest are listed, and all are counted.
func TestStatusOfManyRuns(t *testing.T) {
	var b bytes.Buffer
	err := WriteStatus(&b, Status{Stores: []string{"sqlite:x"}, Waiting: Queue{Runs: 10_000, Bytes: 102_400_000,
		For:    map[string]int{"sqlite:x": 10_000, "influxdb:y": 9},
		Oldest: []Waiting{{RunID: "1", Store: "sqlite:x", File: "f"}, {RunID: "1", Store: "influxdb:y", File: "f"}}}})
	text := b.String()
	for _, want := range []string{"10000 runs, 102.4 MB, of which the 1 oldest are listed:\n", "10000 for sqlite:x\n",
		"9 for influxdb:y\n"} {
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("no %q, %v:\n%s", want, err, text)
		}
	}
}
