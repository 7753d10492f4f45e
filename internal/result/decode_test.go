package result

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

func written(t *testing.T, run bench.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, bench.NewRecord(run)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// read is every entry and the first error.
func read(text string) (list []Entry, err error) {
	for e, failed := range Decode(strings.NewReader(text)) {
		if failed != nil {
			return list, failed
		}
		list = append(list, e)
	}
	return list, nil
}

// TestFileSaysAllOfARun: what is read is written again in the same words.
func TestFileSaysAllOfARun(t *testing.T) {
	for name, run := range benchtest.Runs() {
		text := written(t, run)
		list, err := read(text)
		if err != nil || len(list) != 1 {
			t.Errorf("%s: %d runs, %v", name, len(list), err)
			continue
		}
		if again := written(t, list[0].Run); again != text {
			t.Errorf("%s: read and written again:\n%s", name, difference(text, again))
		}
	}
}

func difference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return strings.Join(x[max(0, i-3):i+1], "\n") + "\nbecame\n" + y[i]
		}
	}
	return "one is longer"
}

func TestManyRunsInOneFile(t *testing.T) {
	run := benchtest.Run(20)
	var line bytes.Buffer
	if err := json.Compact(&line, []byte(written(t, run))); err != nil {
		t.Fatal(err)
	}
	both := `{"daily":null,"livekit":` + line.String() + `,"comparison":null,"errors":{"daily":"no room"}}`
	list, err := read(line.String() + "\n" + line.String() + "\n" + both + "\n")
	if err != nil || len(list) != 3 || list[1].Place != "line 2" || list[2].Place != "line 3, livekit" {
		t.Errorf("%d runs, %v", len(list), err)
	}
	entries, mistakes := 0, 0
	for _, err := range Decode(strings.NewReader(line.String() + "\n{\"platform\":\"zoom\"}\n" + line.String())) {
		if err != nil {
			mistakes++
		} else {
			entries++
		}
	}
	if entries != 2 || mistakes != 1 {
		t.Errorf("%d runs and %d mistakes beside a bad line, want 2 and 1", entries, mistakes)
	}
}

// anOriginal is a file as the original tool writes it: a monotonic clock in ms, one-way times of two clocks.
const anOriginal = `{"platform":"daily","measurements":[
  {"round_trip_time":50,"client_to_server":-8123.5,"server_to_client":8173.5,"message_number":1,"timestamp":500200},
  {"round_trip_time":40,"client_to_server":-8120.5,"server_to_client":8160.5,"message_number":2,"timestamp":500100}],
 "statistics":{"total_messages":3,"successful_messages":2,"failed_messages":1,"packet_loss_rate":0.3333333333333333,` +
	`"mean_rtt":45,"median_rtt":45,"min_rtt":40,"max_rtt":50,"std_dev_rtt":5,"p50_rtt":45,"p95_rtt":49.5,` +
	`"p99_rtt":49.9,"jitter":10},
 "metadata":{"start_time":1700000000.0,"end_time":1700000010.0,"duration_ms":10000,"iterations":3,"timeout_ms":5000,` +
	`"platform":"daily","room_url":"https://x.daily.co/r","location_id":null}}`

func TestOriginalFile(t *testing.T) {
	list, err := read(anOriginal)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d runs, %v", len(list), err)
	}
	r := list[0].Run
	if !strings.Contains(list[0].Note, "one-way") || r.ID == "" {
		t.Errorf("note %q, id %q", list[0].Note, r.ID)
	}
	last := r.Samples[1]
	if got := r.Start.Add(last.Sent + last.RTT); !got.Equal(time.Unix(1700000010, 0)) {
		t.Errorf("the last pong came at %v, want metadata.end_time", got)
	}
	if d := last.Sent - r.Samples[0].Sent; d != 90*time.Millisecond || // each left its round trip before its timestamp
		last.RTT != 50*time.Millisecond {
		t.Errorf("the pings are %v apart, the last took %v", d, last.RTT)
	}
	s := bench.Summarise(r)
	if s.P50.D != 45*time.Millisecond || math.Abs(s.Loss-1./3) > 1e-9 || s.TimerError.P50.OK || s.OneWay.Known ||
		r.Counts.Lost != 1 {
		t.Errorf("P50 %v, loss %v, timer %v, one-way %v", s.P50, s.Loss, s.TimerError.P50, s.OneWay.Known)
	}
	again, err := read(strings.ReplaceAll(anOriginal, "\n", " "))
	if err != nil || again[0].Run.ID != r.ID {
		t.Errorf("the same content has another id: %v", err)
	}
	text := written(t, r)
	if back, err := read(text); err != nil || written(t, back[0].Run) != text {
		t.Errorf("written as a file of ours and read: %v", err)
	}
}

func TestOriginalWithoutSuccess(t *testing.T) {
	list, err := read(`{"platform":"livekit","measurements":[],"statistics":{"total_messages":5,` +
		`"successful_messages":0,"failed_messages":5,"packet_loss_rate":1,"mean_rtt":0.0,"median_rtt":0.0,` +
		`"min_rtt":0.0,"max_rtt":0.0,"std_dev_rtt":0.0,"p50_rtt":0.0,"p95_rtt":0.0,"p99_rtt":0.0,"jitter":0.0},
	"metadata":{"start_time":1700000000.0,"end_time":1700000010.0,"duration_ms":10000,"iterations":5,` +
		`"timeout_ms":5000,"platform":"livekit","room_url":"wss://x","location_id":"a"}}`)
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(bench.NewRecord(list[0].Run))
	if err != nil || f.Statistics.MeanRTT != nil || f.Statistics.P99RTT != nil || *f.Statistics.PacketLossRate != 1 {
		t.Errorf("%+v, %v", f.Statistics, err)
	}
}

// TestOldFilesAreJudged: a file that has no verdict gets one by what it says; one that has keeps it.
func TestOldFilesAreJudged(t *testing.T) {
	run := benchtest.Run(400)
	run.Floor = &bench.Floor{RTT: 10 * time.Millisecond}
	f, err := New(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	for _, samples := range []bool{true, false} {
		if !samples {
			f.Measurements, f.Details.Samples = nil, Samples{}
		}
		f.Details.Validity = nil
		old, err := f.Run()
		if err != nil {
			t.Fatal(err)
		}
		s := bench.Summarise(old)
		if s.Validity.Verdict != bench.Doubtful || len(s.Validity.Grounds) != 1 ||
			s.Validity.Grounds[0].Code != "floor" {
			t.Errorf("with samples %v: %+v", samples, s.Validity)
		}
		n := 0
		for _, d := range s.Doubts {
			if d.Code == "floor" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("with samples %v: the reason is %d times among the doubts", samples, n)
		}
		given := Validity{Verdict: bench.Invalid,
			Reasons: []Reason{{Code: "other", Verdict: bench.Invalid, Value: 3, Limit: 2, Unit: "x",
				Text: "by another table"}}}
		f.Details.Validity = &given
		judged, err := f.Run()
		if err != nil {
			t.Fatal(err)
		}
		if v := bench.Summarise(judged).Validity; v.Verdict != bench.Invalid || len(v.Grounds) != 1 ||
			Reason(v.Grounds[0]) != given.Reasons[0] {
			t.Errorf("with samples %v: %+v", samples, v)
		}
	}
}

// TestBadFiles: each mistake is named with its place.
func TestBadFiles(t *testing.T) {
	good := written(t, benchtest.Run(20))
	with := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the file has no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for want, text := range map[string]string{
		`schema_version: 2; this rtcbench reads version 1`: with(`"schema_version": 1`,
			`"schema_version": 2`),
		`the file ends in the middle`: good[:len(good)/2],
		`line 2: statistics.mean_rtt: invalid character 'N'`: "{\"platform\":\"daily\"," +
			"\n\"statistics\":{\"mean_rtt\":NaN}}",
		`platform: "zoom"; known are [daily livekit]`: with(`"platform": "livekit"`,
			`"platform": "zoom"`),
		`metadata.location_id: 10000 bytes; 256 are allowed`: with(`"us-west-2"`,
			`"`+strings.Repeat("x", 10000)+`"`),
		`metadata.run_id: "no" is no UUID`: with(
			`"019ab000-0000-7000-8000-000000000001"`, `"no"`),
		`details.samples.rtt_ms[0]: -1 is no duration`: strings.Replace(good,
			"\"rtt_ms\": [\n        ", "\"rtt_ms\": [\n        -1,", 1),
		`measurements[0].round_trip_time: -5 is no duration`: with(`"round_trip_time": `,
			`"round_trip_time": -5, "x": `),
		`details.validity.verdict: "perfect" is not known`: with(`"verdict": "doubtful"`,
			`"verdict": "perfect"`),
		`details.instrument.cpu_steal, cpu_wait: 1.5, 0.0125`: with(`"cpu_steal": 0.004`,
			`"cpu_steal": 1.5`),
		`details.instrument.clock_step_ms: 1e+300 is no`: with(`"clock_step_ms": -0.003`,
			`"clock_step_ms": 1e300`),
		`details.counts: 20 sent are not 400 answered`: with(`"answered": `,
			`"answered": 400, "x": `),
		`this is no result file`: `{"hello": 1}`,
		`details.samples.outcome[0]: "answred" is not known`: with("\"outcome\": [\n        "+
			"\"answered\"", "\"outcome\": [\n        \"answred\""),
		`statistics.successful_messages: 3; measurements has 2`: strings.Replace(anOriginal,
			`"successful_messages":2`, `"successful_messages":3`, 1),
		`line 1: metadata.iterations: this cannot stand there: string`: with(`"iterations": 20`,
			`"iterations": "many"`),
		`line 1: "[1, 2]" is no result`: `[1, 2]`,
		`details.engine: "\x1b[2Jevil" is not known`: with(`"engine": "native"`,
			`"engine": "\u001b[2Jevil"`),
		`details.engine: "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee" is not known`: with(`"engine": "native"`,
			`"engine": "`+strings.Repeat("e", 10_000)+`"`),
		`details.transport_class: "x\ny" is not known`:       with(`"datachannel-lossy"`, `"x\ny"`),
		`details.counts.duplicate: 4294967296 are more than`: with(`"duplicate": `, `"duplicate": 4294967296, "x": `),
	} {
		switch _, err := read(text); {
		case want == `details.samples.rtt_ms[0]: -1 is no duration`:
			if err == nil {
				t.Errorf("%s: read", want)
			}
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestMarkBeforeUTF8: PowerShell and some editors write it.
func TestMarkBeforeUTF8(t *testing.T) {
	if list, err := read("\uFEFF" + anOriginal); err != nil || len(list) != 1 {
		t.Errorf("%d runs, %v", len(list), err)
	}
}

// TestEndOfFileOfDOS: COPY of Windows writes it behind what it joins.
func TestEndOfFileOfDOS(t *testing.T) {
	for _, end := range []string{"\x1a", "\r\n\x1a", "\x1a\x1a\x1a"} {
		if list, err := read(anOriginal + end); err != nil || len(list) != 1 {
			t.Errorf("%q: %d runs, %v", end, len(list), err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(anOriginal))
	for _, run := range []bench.Run{benchtest.Run(3), benchtest.Sound(3)} {
		var b bytes.Buffer
		Write(&b, bench.NewRecord(run))
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for e, err := range Decode(bytes.NewReader(data)) {
			if err != nil {
				continue
			}
			if err := Write(&bytes.Buffer{}, bench.NewRecord(e.Run)); err != nil {
				t.Errorf("read, but cannot be written: %v", err)
			}
			if m := e.Run.Media; m != nil {
				if s := m.Summary(); s.Heard > s.Said || s.Most.D > latestBurst || !(s.Concealed >= 0) {
					t.Errorf("no page has heard that: %+v", s)
				}
			}
		}
	})
}
