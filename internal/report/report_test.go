package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"rtcbench/bench"
)

var update = flag.Bool("update", false, "write the golden files anew")

var someTool = Tool{Version: "1.2.3", Commit: "0123456789ab", Go: "go1.26", OS: "linux", Arch: "amd64"}

// aRun is a run of n pings on a path of about 40 ms, always the same: ping 7 is lost, 11 late,
// 13 not sent.
func aRun(n int) bench.Run {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	once := uint16(1)
	r := bench.Run{
		ID: "019ab000-0000-7000-8000-000000000001", Platform: "livekit", Location: "us-west-2", RoomURL: "wss://example.livekit.cloud",
		Plan:  bench.Plan{Count: n, Cooldown: 100 * time.Millisecond, Timeout: time.Second, Warmup: 5, EchoTimeout: 10 * time.Second, Lossy: true},
		Start: start, Ended: bench.Complete,
		Counts: bench.Counts{WarmupSent: 6, Duplicate: 1},
		Echo:   bench.Echo{Mode: "remote", Kind: "rtcbench", Identity: "rtcbench-echo-abc", FirstPong: 180 * time.Millisecond},
		Clocks: bench.UnknownOffsets,
		Pauses: bench.Pauses{Total: 300 * time.Microsecond, Max: 120 * time.Microsecond},
		Facts: bench.Facts{
			Identity: "rtcbench-runner-xyz", Engine: "native", EngineVersion: "server-sdk-go 2.18.1", Transport: bench.DataChannelLossy,
			Channel: bench.Channel{Known: true, MaxRetransmits: &once}, Inbound: bench.Channel{Known: true, MaxRetransmits: new(uint16)},
			JoinStarted: start.Add(-time.Second), Server: bench.Server{Version: "1.13.5", Region: "us-west", Node: "ND_1"},
			Phases: []bench.Phase{{Name: "signalling", At: 50 * time.Millisecond}, {Name: "ice", Leg: bench.Subscriber, At: 90 * time.Millisecond}, {Name: "dtls", Leg: bench.Subscriber, At: 130 * time.Millisecond}},
			ICE: []bench.ICEPair{{Leg: bench.Subscriber, At: start.Add(-900 * time.Millisecond),
				Local: bench.Candidate{Type: "srflx", Protocol: "udp", Family: "ipv4"}, Remote: bench.Candidate{Type: "host", Protocol: "udp", Family: "ipv4"}}},
		},
	}
	c := &r.Counts
	for seq := uint32(1); c.Sent < n; seq++ {
		s := bench.Sample{Seq: seq, Due: r.Plan.Due(seq), Outcome: bench.Answered, Stamped: true}
		s.Sent = s.Due + time.Duration(rng.IntN(900))*time.Microsecond
		s.SendCall = 30 * time.Microsecond
		up, down := 18*time.Millisecond+time.Duration(rng.ExpFloat64()*2e6), 20*time.Millisecond+time.Duration(rng.ExpFloat64()*2e6)
		s.Hold = 40 * time.Microsecond
		s.RTT, s.Up = up+s.Hold+down, up+3*time.Second // the echo's clock is 3 s ahead
		switch seq {
		case 7:
			s.Outcome, s.Stamped, s.RTT, s.Hold, s.Up = bench.Lost, false, 0, 0, 0
			c.Lost++
		case 11:
			s.Outcome, s.RTT = bench.Late, 1200*time.Millisecond
			c.Late++
		case 13:
			s = bench.Sample{Seq: seq, Due: s.Due, Outcome: bench.NotSent, Reason: bench.Stalled}
			c.NotSent++
		default:
			c.Answered++
		}
		if s.Outcome != bench.NotSent {
			c.Sent++
		}
		r.Samples = append(r.Samples, s)
		r.End = start.Add(s.Due + s.RTT)
	}
	return r
}

func runs() map[string]bench.Run {
	few := aRun(5)
	few.Location, few.Plan.Lossy, few.Plan.Cooldown = "", false, 0
	few.Facts.Transport, few.Facts.Channel = bench.DataChannelReliable, bench.Channel{Known: true, Ordered: true}
	few.Echo.Mode, few.Clocks = "local", bench.OneClock
	for i := range few.Samples {
		few.Samples[i].Up -= 3 * time.Second
	}
	few.Ended, few.Err = bench.LinkLost, errors.New("session ended: no connection to the server for 10s")

	none := aRun(5)
	none.Samples, none.Counts, none.Ended = nil, bench.Counts{WarmupSent: 200}, bench.LinkLost
	none.Echo, none.Err, none.End = bench.Echo{Mode: "remote"}, bench.ErrNoEcho, none.Start
	return map[string]bench.Run{"complete": aRun(400), "ended-early": few, "no-pong": none}
}

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
		t.Errorf("%s differs (go test ./internal/report -update writes it anew):\n%s", path, got)
	}
}

func TestGoldenTables(t *testing.T) {
	for name, run := range runs() {
		var b bytes.Buffer
		if err := WriteText(&b, run); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", b.Bytes())
		for _, line := range strings.Split(b.String(), "\n") {
			if w := lipgloss.Width(line); w > width {
				t.Errorf("%s: %d columns: %s", name, w, line)
			}
		}
	}
}

func TestColoursAreForTerminals(t *testing.T) {
	r := lipgloss.NewRenderer(&bytes.Buffer{})
	r.SetColorProfile(termenv.ANSI)
	p := newPage(r)
	p.doubts([]bench.Doubt{{Text: "x"}})
	if !strings.Contains(p.String(), "\x1b[") {
		t.Error("no colour on a terminal")
	}
}

func TestTextObeysNobody(t *testing.T) {
	run := aRun(5)
	run.Echo.Identity = "a\x1b[2Jb"
	run.Echo.Others = []string{"evil\nline\x1b]0;title\x07"}
	var b bytes.Buffer
	WriteText(&b, run)
	if strings.ContainsAny(b.String(), "\x1b\x07") {
		t.Errorf("%q", b.String())
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
	for name, run := range runs() {
		var b bytes.Buffer
		if err := WriteJSON(&b, run, someTool); err != nil {
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
	f, err := NewFile(aRun(400), someTool)
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
	f, _ := NewFile(aRun(400), someTool)
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

func TestDistribution(t *testing.T) {
	for _, values := range [][]time.Duration{{5e6, 5e6}, {1, 2}, {1e6, 2e6, 900e6}, {40e6, 41e6, 42e6, 43e6, 44e6, 45e6, 46e6, 47e6, 48e6}} {
		list, step := binned(values)
		total := 0
		for _, b := range list {
			total += b.Count
		}
		if total != len(values) || len(list) > bins || step <= 0 {
			t.Errorf("%v: %v", values, list)
		}
	}
}
