package result

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/stats"
)

// TestWhatIsNoRun: what no tool can have measured is refused, with the key.
func TestWhatIsNoRun(t *testing.T) {
	original, ours := compact(t, anOriginal), compact(t, written(t, benchtest.Run(20)))
	one, err := bench.EncodeHistogram(stats.HistogramOf([]time.Duration{time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	change := func(text, key, value string) string {
		parent, key, found := strings.Cut(key, "/")
		if !found {
			parent, key = "", parent
		}
		start := max(strings.Index(text, parent), 0)
		at := strings.Index(text[start:], `"`+key+`":`) + start
		if at < start {
			t.Fatalf("there is no %s", key)
		}
		from := at + len(key) + 3
		if value == "" { // without the key
			return text[:at] + `"x":` + text[from:]
		}
		return text[:from] + value + `,"x":` + text[from:]
	}
	for _, x := range []struct{ text, key, value, want string }{
		{original, "end_time", "null", "metadata.end_time: it is null"},
		{original, "end_time", "", "metadata.end_time: it is missing"},
		{original, "end_time", "0.05", "metadata.end_time: 0.05 is no time of day"},
		{original, "end_time", "-5", "metadata.end_time: -5 is no time"},
		{original, "end_time", "1e300", "metadata.end_time: 1e+300 is no time"},
		{original, "end_time", "1700000010000", "metadata.end_time: 1700000010000 is no time"},
		{original, "end_time", "4000000000", "is in the future"},
		{original, "end_time", "1699999999", "is before metadata.start_time"},
		{original, "start_time", "1800000000", "is before metadata.start_time"},
		{original, "start_time", "null", "metadata.start_time: it is null"},
		{original, "duration_ms", "-1", "metadata.duration_ms: -1 is no duration"},
		{original, "duration_ms", "1e18", "metadata.duration_ms: 1000000000000000000 is no duration"},
		{original, "iterations", "2", "metadata.iterations: 2; 3 pings were sent"},
		{original, "iterations", "null", "metadata.iterations: it is null"},
		{original, "total_messages", "7", "statistics.total_messages: 7 are not 2 successful and 1 failed"},
		{original, "failed_messages", "-1", "is negative"},
		{original, "failed_messages", "1e12", "failed_messages: 1000000000000 are more than a run can have"},
		{original, "packet_loss_rate", "0.9", "statistics.packet_loss_rate: 0.9 is no ratio"},
		{original, "timestamp", "1e300", "measurements[0].timestamp: 1e+300 is no time"},
		{original, "timestamp", "null", "measurements[0].timestamp: it is missing, or 0"},
		{original, "round_trip_time", "null", "measurements[0].round_trip_time: it is missing, or 0"},
		{original, "round_trip_time", "", "measurements[0].round_trip_time: it is missing, or 0"},
		{original, "start_time", "0", "metadata.start_time: 0 is no time of day"},
		{original, "message_number", "0", "measurements[0].message_number: 0; pings are counted from 1"},
		{original, "message_number", "2", "measurements[1].message_number: 2 is there twice"},
		{original, "message_number", "4", "measurements[0].message_number: 4; the last ping is 3"},
		{ours, "message_number", "2", "measurements[1].message_number: 2 is there twice"},
		{ours, "message_number", "99", "measurements[0].message_number: 99; the last ping is 21"},
		{original, "platform", `"livekit"`, `metadata.platform: "daily"; platform is "livekit"`},
		{ours, "platform", `"daily"`, `metadata.platform: "livekit"; platform is "daily"`},
		{ours, "engine", `"foo"`, `details.engine: "foo" is not known; known are [native browser]`},
		{ours, "transport_class", `"pigeon"`, `details.transport_class: "pigeon" is not known`},
		{ours, "path", `"pigeon"`, `details.path: "pigeon" is not known; known are [udp tcp`},
		{ours, "path", `"udp/pigeon"`, `details.path: "udp/pigeon" is not known`},
		{ours, "grid", `"sometimes"`, `details.plan.grid: "sometimes" is not known; known are [fixed closed-loop]`},
		{ours, "mode", `"astral"`, `details.echo.mode: "astral" is not known; known are [local remote]`},
		{ours, "samples/hold_ms", "[" + strings.Repeat("500,", 20) + "500]", "hold_ms[0]: 500, of a round trip of "},
		{ours, "data", `"AAAA"`, "details.histogram: it cannot be unpacked"},
		{ours, "histogram", `{"format":"hdr-v2-deflate-base64","unit":"us","data":"` + one + `"}`,
			"details.histogram: 1 pings; details.counts.answered is"},
		{original, "timeout_ms", "-1", "metadata.timeout_ms: -1 is negative"},
		{original, "metadata", "null", "metadata"},
		{original, "statistics", "null", "statistics"},
		{ours, "end_time", "5e9", "does not fit: start_time and end_time are"},
		{ours, "duration_ms", "86400000", "metadata.duration_ms: 86400000 does not fit"},
		{ours, "cooldown_ms", "99999999999999", "metadata.cooldown_ms: 99999999999999 is no duration"},
		{ours, "lost", "null", "details.counts.lost: it is null"},
		{ours, "not_sent", "100000000", "details.counts.not_sent: 100000000 slots beside 20 pings"},
		{ours, "not_sent", "2", "details.counts.not_sent: 2; the samples have 1"},
		{ours, "echo_timeout_ms", "-5", "details.plan.echo_timeout_ms: -5 is negative"},
		{ours, "first_pong", "1e300", "details.connect_ms.first_pong: 1e+300 is no duration"},
		{ours, "longest_run", "-1", "details.loss.longest_run: -1 is negative"},
		{ours, "reconnects", "-1", "details.reconnects: -1 is negative"},
		{ours, "timeout_ms", "1", "of a ping that was answered in time; metadata.timeout_ms is 1"},
		{ours, "sent_ms", "[" + strings.Repeat("1e9,", 20) + "1e9]", "sent_ms[0] and rtt_ms[0]: 1000000000 and"},
		{ours, "sent_ms", "[" + strings.Repeat("-1e6,", 20) + "-1e6]", "sent_ms[0] and rtt_ms[0]: -1000000 and"},
	} {
		text := change(x.text, x.key, x.value)
		if x.value == "null" && (x.key == "metadata" || x.key == "statistics") {
			text = strings.Replace(x.text, `"`+x.key+`":{`, `"`+x.key+`":null,"x":{`, 1)
		}
		if runs, said := decoded(text); runs != 0 || !strings.Contains(said, x.want) || strings.Count(said, "\n") != 1 {
			t.Errorf("%s %s: %d runs, said %q, want %q", x.key, x.value, runs, said, x.want)
		}
	}
}

// TestNoStoreTakesWhatIsNoRun: whoever saves packs, and that refuses for good what nobody could read again.
func TestNoStoreTakesWhatIsNoRun(t *testing.T) {
	for name, spoil := range map[string]func(*bench.Run){
		"before 1970":          func(r *bench.Run) { r.Start = time.Unix(-5, 0) },
		"ends before it began": func(r *bench.Run) { r.End = r.Start.Add(-time.Second) },
		"after all": func(r *bench.Run) {
			r.Start, r.End = r.Start.AddDate(400, 0, 0), r.End.AddDate(400, 0, 0)
		},
		"counts": func(r *bench.Run) { r.Counts.Lost, r.Counts.Sent = r.Counts.Lost+1, r.Counts.Sent+1 },
		"a negative round trip": func(r *bench.Run) {
			r.Samples[0].RTT = -time.Second
		},
		"no UTF-8":    func(r *bench.Run) { r.Location = "K\xf6ln" },
		"no platform": func(r *bench.Run) { r.Platform = "zoom" },
		"no number":   func(r *bench.Run) { r.Machine.Steal.Ratio = math.NaN() },
	} {
		r := benchtest.Run(20)
		spoil(&r)
		if _, err := Pack(bench.NewRecord(r)); !errors.Is(err, bench.ErrRejected) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := benchtest.Run(20)
	r.Err, r.Ended = errors.New("a server said \xff"), bench.LinkLost
	if _, err := Pack(bench.NewRecord(r)); err != nil {
		t.Errorf("what a server said, and no UTF-8: %v", err)
	}
}

// TestSamplesThatUnpackToMore: a few bytes that claim millions of samples make nothing.
func TestSamplesThatUnpackToMore(t *testing.T) {
	p := packed(t, benchtest.Run(20))
	bomb := []byte{packedVersion, 0xff, 0xff, 0xff, 0x3f, 0x80, 0xc2, 0xd7, 0x2f, 1, 0xff, 0xff, 0xff, 0x3f, 4, 0xff,
		0xff, 0xff, 0x3f}
	if len(bomb) != 19 {
		t.Fatal(len(bomb))
	}
	for _, blob := range [][]byte{bomb, p.Samples[:len(p.Samples)/2],
		append(p.Samples[:len(p.Samples):len(p.Samples)], 1), {}, {packedVersion}} {
		q := p
		q.Samples = blob
		var err error
		if n := testing.AllocsPerRun(1, func() { _, err = q.Run() }); err == nil || n > 100_000 {
			t.Errorf("%d bytes: %v, %v allocations", len(blob), err, n)
		}
	}
	other := packed(t, benchtest.Run(21))
	p.Samples = other.Samples
	if _, err := p.Run(); err == nil || !strings.Contains(err.Error(), "they are 22; details.counts says 21") {
		t.Errorf("samples of another run: %v", err)
	}
	answered := []equal{{uint64(bench.Answered), 1 << 30}}
	if enough(answered, 19) || !enough(answered, 1<<31) {
		t.Error("a thousand million pings fit into 19 bytes")
	}
}

// TestOriginalIsDescribed: what its file does not say is not said, and never 0.
func TestOriginalIsDescribed(t *testing.T) {
	list, err := read(strings.ReplaceAll(compact(t, anOriginal), `"platform":"daily"`, `"platform":"livekit"`))
	if err != nil {
		t.Fatal(err)
	}
	r := list[0].Run
	text := compact(t, written(t, r))
	for _, want := range []string{
		`"cooldown_ms":null`, `"grid":null`, `"payload_bytes":null`, `"warmup":null`, `"late":null`, `"not_sent":null`,
		`"duplicate":null`, `"foreign":null`,
		`"longest_run":null`, `"gc_pause_ms":{"total":null,"max":null}`, `"reconnects":null`,
		`"transport_class":"datachannel-reliable"`,
		`"validity":{"verdict":"unjudged","reasons":[]}`, `the original tool gives differences of two clocks`,
		`"engine":""`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in %s", want, text)
		}
	}
	compiled, _ := schema(t)
	if err := compiled.Validate(decode(t, []byte(text))); err != nil {
		t.Error(err)
	}
	back, err := packed(t, r).Run()
	if err != nil || !back.Plan.PaceUnknown || bench.Summarise(back).Validity.Verdict != bench.Unjudged {
		t.Errorf("packed and back: %v", err)
	}
	older := strings.Replace(text, `"verdict":"unjudged"`, `"verdict":"valid"`, 1)
	if list, err := read(older); err != nil || bench.Summarise(list[0].Run).Validity.Verdict != bench.Unjudged {
		t.Errorf("imported by an older version: %v", err)
	}
}
