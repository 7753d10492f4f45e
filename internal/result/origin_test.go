package result

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestWhereARunCameFrom: a hub writes it into the document of a packed run, over what the runner said, and no other
// byte changes; also in what a newer rtcbench wrote. The run comes back with it, and is packed again to the same bytes.
func TestWhereARunCameFrom(t *testing.T) {
	offset, bound := -1.5, 0.25
	at := time.Date(2026, 11, 26, 12, 0, 0, 123456000, time.UTC)
	hubs := bench.Origin{Place: "fra-1", Plan: 7, Job: "eu", Slot: at.Truncate(time.Minute), Received: at,
		Offset: &offset, Bound: &bound}
	for what, said := range map[string]*bench.Origin{"nothing": nil,
		"a lie": {Place: "iad-1", Received: at.Add(time.Hour)}} {
		run := benchtest.StoredRun(50, at)
		run.Fleet = said
		p := packed(t, run)
		for _, newer := range []string{"", `"of_tomorrow":{"details":{"fleet":{}}},`} {
			p := p
			p.Document = bytes.Replace(p.Document, []byte(`"details":{`), []byte(`"details":{`+newer), 1)
			from, err := p.From(hubs)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			back, err := Packed{Packed: from.Packed}.Run()
			if err != nil || !reflect.DeepEqual(back.Fleet, &hubs) {
				t.Errorf("%s: the run came from %+v: %v", what, back.Fleet, err)
			}
			if strings.Count(string(from.Document), `"fleet":`) != strings.Count(newer, `"fleet":`)+1 ||
				strings.Contains(string(from.Document), "iad-1") {
				t.Errorf("%s: %s", what, from.Document)
			}
			run.Fleet = &hubs
			if want := packed(t, run).Document; newer == "" && !bytes.Equal(sorted(want), sorted(from.Document)) {
				t.Errorf("%s: the document is\n%s\nwant\n%s", what, from.Document, want)
			}
			run.Fleet = said
		}
	}
}

// sorted are the bytes of a document, in whatever order its keys stand.
func sorted(b []byte) []byte {
	list := bytes.FieldsFunc(b, func(r rune) bool { return strings.ContainsRune("{},", r) })
	for i := range list {
		for j := range list[:i] {
			if bytes.Compare(list[i], list[j]) < 0 {
				list[i], list[j] = list[j], list[i]
			}
		}
	}
	return bytes.Join(list, []byte(","))
}
