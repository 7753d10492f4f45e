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
	err := WriteStatus(&b, Status{Stores: []string{"sqlite:x"}, Waiting: []Waiting{
		{RunID: "1", Store: "sqlite:x"}, {RunID: "2", Store: "influxdb:old/x"},
		{RunID: "3", Store: "influxdb:old/x", Tries: 2, Error: "refused"},
	}})
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{"not offered yet", "not offered: this store is not on", "tried 2 time(s); this " +
		"store is not on now: refused"} {
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("no %q, %v:\n%s", want, err, text)
		}
	}
}
