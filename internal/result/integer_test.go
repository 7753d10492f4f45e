package result

import (
	"bytes"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestFloatsThatAreWhole: programs that know floats alone write 20.0 where our format has 20. Such a file is the same
// run, whichever field it is and by whichever door it comes; a fraction is refused by its key.
func TestFloatsThatAreWhole(t *testing.T) {
	record := bench.NewRecord(benchtest.Run(20))
	var text bytes.Buffer
	if err := Write(&text, record); err != nil {
		t.Fatal(err)
	}
	want := onlyRun(t, text.String())
	floats := regexp.MustCompile(`(": |[ \[])(-?\d+)(,?\n)`).ReplaceAllString(text.String(), "$1$2.0$3")
	if n := strings.Count(floats, ".0,"); n < 100 {
		t.Fatalf("%d floats", n)
	}
	if got := onlyRun(t, floats); !reflect.DeepEqual(got, want) {
		t.Error("not the same run")
	}
	if got := onlyRun(t, `{"livekit":`+floats+`}`); !reflect.DeepEqual(got, want) {
		t.Error("not the same run in a file of both")
	}
	packed, err := Pack(record)
	if err != nil {
		t.Fatal(err)
	}
	packed.Document = regexp.MustCompile(`":(\d+)([,}])`).ReplaceAll(packed.Document, []byte(`":$1.0$2`))
	onWire, err := packed.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadPacked(onWire); err != nil {
		t.Errorf("packed: %v", err)
	}
	for _, c := range []struct{ key, as, says string }{
		{"iterations", "%se0", ""},
		{"timeout_ms", "%s00e-02", ""},
		{"timeout_ms", "%s.00", ""},
		{"timeout_ms", "0.5", "metadata.timeout_ms: 0.5 is no whole number"},
		{"timeout_ms", "1e-3", "metadata.timeout_ms: 1e-3 is no whole number"},
		{"answered", "%s.25", "details.counts.answered: 18.25 is no whole number"},
		{"message_number", "%s.5", "measurements[0].message_number: 1.5 is no whole number"},
		{"message_number", "-1.0", "measurements[0].message_number: this cannot stand there: number -1.0"},
		{"message_number", "1e99", "measurements[0].message_number: this cannot stand there: number 1e99"},
		{"schema_version", "%s.5", "details.schema_version: 1.5 is no whole number"},
	} {
		at := regexp.MustCompile(`"` + c.key + `": (\d+)`).FindStringSubmatchIndex(text.String())
		number := strings.ReplaceAll(c.as, "%s", text.String()[at[2]:at[3]])
		file := text.String()[:at[2]] + number + text.String()[at[3]:]
		for e, err := range Decode(strings.NewReader(file)) {
			if c.says == "" && (err != nil || !reflect.DeepEqual(e.Run, want)) ||
				c.says != "" && (err == nil || err.Error() != "line 1: "+c.says) {
				t.Errorf("%s as %s: %v, want %q", c.key, number, err, c.says)
			}
		}
	}
}

// onlyRun is the run of a file.
func onlyRun(t *testing.T, text string) (run bench.Run) {
	t.Helper()
	for e, err := range Decode(strings.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		run = e.Run
	}
	return run
}

// TestEveryIntegerIsReadAlike: no field of whole numbers in a file has a type that only reads digits.
func TestEveryIntegerIsReadAlike(t *testing.T) {
	reads := map[reflect.Type]bool{reflect.TypeFor[int](): true, reflect.TypeFor[int64](): true,
		reflect.TypeFor[uint16](): true, reflect.TypeFor[uint32](): true, reflect.TypeFor[uint64](): true}
	seen := map[reflect.Type]bool{}
	var look func(t reflect.Type, at string)
	look = func(of reflect.Type, at string) {
		switch kind := of.Kind(); {
		case kind >= reflect.Int && kind <= reflect.Uint64:
			if !reads[of] && of.PkgPath() != "time" {
				t.Errorf("%s is a %v", at, of)
			}
		case kind == reflect.Pointer, kind == reflect.Slice, kind == reflect.Array, kind == reflect.Map:
			look(of.Elem(), at)
		case kind == reflect.Struct && !seen[of] && of != typeOfQuantity && of != typeOfTime:
			seen[of] = true
			for i := range of.NumField() {
				if f := of.Field(i); f.Tag.Get("json") != "-" && (f.IsExported() || f.Anonymous) {
					look(f.Type, at+"."+f.Name)
				}
			}
		}
	}
	look(reflect.TypeFor[File](), "File")
	if len(seen) < 20 {
		t.Errorf("%d structs were looked at", len(seen))
	}
}
