package result

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test ./internal/result -update writes it anew):\n%s", path, got)
	}
}

func schema(t *testing.T) (*jsonschema.Schema, map[string]any) {
	t.Helper()
	const path = "../../docs/result.schema.json"
	compiled, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	return compiled, raw
}

func TestGoldenFilesKeepTheSchema(t *testing.T) {
	compiled, raw := schema(t)
	for name, run := range benchtest.Runs() {
		var b bytes.Buffer
		if err := Write(&b, bench.NewRecord(run)); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", b.Bytes())
		v := decode(t, b.Bytes())
		if err := compiled.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		described(t, name, v, raw, raw)
	}
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// described fails for keys that the schema does not know.
func described(t *testing.T, path string, v any, schema, root map[string]any) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		schema = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	switch v := v.(type) {
	case map[string]any:
		if schema["additionalProperties"] != nil {
			return
		}
		for key, value := range v {
			sub, ok := schema["properties"].(map[string]any)[key].(map[string]any)
			if !ok {
				t.Errorf("%s.%s is not in docs/result.schema.json", path, key)
				continue
			}
			described(t, path+"."+key, value, sub, root)
		}
	case []any:
		if items, ok := schema["items"].(map[string]any); ok && len(v) > 0 {
			described(t, path+"[]", v[0], items, root)
		}
	}
}

// TestFileCanBeComputedAgain recomputes the statistics from the columns, as a stranger would.
func TestFileCanBeComputedAgain(t *testing.T) {
	f, err := New(bench.NewRecord(benchtest.Run(400)))
	if err != nil {
		t.Fatal(err)
	}
	var rtts []float64
	for i, o := range f.Details.Samples.Outcome {
		if o == "answered" {
			rtts = append(rtts, *f.Details.Samples.RTT[i])
		}
	}
	sum, deltas := 0.0, 0.0
	for i, v := range rtts {
		sum += v
		if i > 0 {
			deltas += math.Abs(v - rtts[i-1])
		}
	}
	near := func(what string, got *float64, want float64) {
		t.Helper()
		if got == nil || math.Abs(*got-want) > 1e-5 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	near("mean", f.Statistics.MeanRTT, sum/float64(len(rtts)))
	near("jitter", f.Statistics.Jitter, deltas/float64(len(rtts)-1))
	slices.Sort(rtts)
	near("median", f.Statistics.MedianRTT, (rtts[len(rtts)/2-1]+rtts[len(rtts)/2])/2)
	near("max", f.Statistics.MaxRTT, rtts[len(rtts)-1])
	near("loss", f.Statistics.PacketLossRate, 2.0/400)
	if len(f.Measurements) != len(rtts) || f.Statistics.TotalMessages != 400 {
		t.Errorf("%d measurements, %+v", len(f.Measurements), f.Statistics)
	}
	for _, m := range f.Measurements {
		hold := *f.Details.Samples.Hold[m.MessageNumber-1]
		if d := *m.ClientToServer + *m.ServerToClient + hold - m.RoundTripTime; math.Abs(d) > 1e-9 {
			t.Fatalf("ping %d: the ways and the hold differ from the round trip by %v", m.MessageNumber, d)
		}
	}
	h, err := hdr.Decode([]byte(f.Details.Histogram.Data))
	if err != nil || h.TotalCount() != int64(len(rtts)) {
		t.Fatalf("histogram: %v", err)
	}
	if got := float64(h.ValueAtQuantile(50)) / 1000; math.Abs(got-rtts[len(rtts)/2-1]) > rtts[len(rtts)/2]/1000+0.001 {
		t.Errorf("median of the histogram: %v, want %v", got, rtts[len(rtts)/2-1])
	}
}

func TestOneWayIntervalsHoldTheTruth(t *testing.T) {
	f, _ := New(bench.NewRecord(benchtest.Run(400)))
	o := f.Details.OneWay
	// The path was made with a forward median of 18 + 2 ln 2 ms and an offset of 3 s.
	if *o.Theta < 2980 || *o.Theta > 3020 || o.Up[0] > 19.4 || o.Up[1] < 19.4 || *o.HalfWidth > 20 {
		t.Errorf("θ %v ± %v, up %v", *o.Theta, *o.HalfWidth, *o.Up)
	}
}

func TestCleanURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://x.daily.co/room?t=secret#frag": "https://x.daily.co/room",
		"wss://user:secret@host:1/path":         "wss://host:1/path",
		"ws://127.0.0.1:7880":                   "ws://127.0.0.1:7880",
		"://":                                   "",
	} {
		if got := CleanURL(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// TestNoTerminalObeysJSON: texts that others choose come back as they were, and a terminal that is shown them obeys
// nothing.
func TestNoTerminalObeysJSON(t *testing.T) {
	const evil = "a\x1b[31m\x9b2J\u009b2J\u202egnp\u2066\x7f\U000e0001 ü"
	r := benchtest.Run(3)
	r.Location = strings.ToValidUTF8(evil, "")
	var whole bytes.Buffer
	d := NewDocument(bench.NewRecord(r))
	line, err := d.Line()
	if err != nil || d.Write(&whole) != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"a line": line, "a file": whole.Bytes()} {
		at := bytes.IndexFunc(text, func(c rune) bool { return !unicode.IsPrint(c) && c != '\n' })
		if at >= 0 || !bytes.Contains(text, []byte("ü")) {
			t.Errorf("%s holds %q", name, text[max(0, at):min(len(text), at+20)])
		}
		for e, err := range Decode(bytes.NewReader(text)) {
			if err != nil || e.Run.Location != r.Location {
				t.Errorf("%s: %q, %v; want %q", name, e.Run.Location, err, r.Location)
			}
		}
	}
}
