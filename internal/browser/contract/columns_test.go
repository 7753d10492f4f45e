package contract

import (
	"encoding/json"
	"strings"
	"testing"

	"rtcbench/bench"
)

const two = `{"seq":[7,8],"outcome":[1,3],"reason":[0,4],"stamped":[true,false],"due":[600,700.5],"sent":[601,701],` +
	`"sendCall":[0.1,0],"rtt":[42.25,0],"hold":[0.5,0],"up":[-3,0]}`

// Samples come by the names of their fields, whatever the order of the columns is.
func TestColumns(t *testing.T) {
	var c Columns
	if err := json.Unmarshal([]byte(two), &c); err != nil {
		t.Fatal(err)
	}
	want := Columns{
		{Seq: 7, Outcome: bench.Answered, Stamped: true, Due: 600, Sent: 601, SendCall: 0.1, RTT: 42.25,
			Hold: 0.5, Up: -3},
		{Seq: 8, Outcome: bench.Lost, Reason: bench.OnWayUp, Due: 700.5, Sent: 701},
	}
	if len(c) != 2 || c[0] != want[0] || c[1] != want[1] {
		t.Errorf("%+v, want %+v", c, want)
	}
}

// What a page of another version sends is an error that names the column, and never a sample.
func TestColumnsThatDoNotFit(t *testing.T) {
	for _, x := range []struct{ old, new, want string }{
		{`"hold":[0.5,0]`, `"hold":[0.5]`, "column hold: 1 values; the first has 2"},
		{`"rtt":`, `"RTT":`, "column rtt"},
		{`"up":[-3,0]`, `"up":[-3,0],"down":[1,2]`, "11 columns"},
		{`"stamped":[true,false]`, `"stamped":[1,0]`, "column stamped"},
		{`"outcome":[1,3]`, `"outcome":[1,300]`, "column outcome"},
	} {
		var c Columns
		err := json.Unmarshal([]byte(strings.Replace(two, x.old, x.new, 1)), &c)
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", x.new, err, x.want)
		}
	}
}
