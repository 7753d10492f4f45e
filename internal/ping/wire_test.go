package ping

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"rtcbench/bench"
)

func TestPingIsReadableByTheOriginal(t *testing.T) {
	got := string(appendPing(nil, 1763870123456.789, 7, "5c1ab2f0", bench.Plan{}))
	if want := `{"type":"ping","timestamp":1763870123456.789,"seq":7,"run":"5c1ab2f0"}`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	got = string(appendPing(nil, 1763870123456, 7, "5c1ab2f0", bench.Plan{Class: bench.DataChannelLossy}))
	if want := `{"type":"ping","timestamp":1763870123456,"seq":7,"run":"5c1ab2f0","channel":"lossy"}`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestPingIsPaddedToItsSize(t *testing.T) {
	for _, size := range []int{0, 10, 60, 63, 64, 65, 66, 200, 15000} {
		b := appendPing(nil, 1763870123456.5, 123, "5c1ab2f0", bench.Plan{PayloadBytes: size})
		if !json.Valid(b) {
			t.Errorf("size %d: not JSON: %s", size, b)
		}
		if size >= 90 && len(b) != size {
			t.Errorf("size %d: %d bytes", size, len(b))
		}
	}
}

func TestPongReturnsTheTimestampAsItStood(t *testing.T) {
	// An original runner keeps its pings in a dictionary keyed by the float.
	for _, number := range []string{"1234.0", "1.7e12", "1763870123456.7891", "0", "-5"} {
		p, ok := DecodePing([]byte(` {"timestamp": ` + number + ` , "x": [1,{"y":"}"}], "type": "ping"}`))
		if !ok {
			t.Fatalf("%s: not read", number)
		}
		pong := string(AppendPong(nil, p, Stamps{Received: 1.5, Sent: 2.5}, 3, nil))
		want := `{"type":"pong","client_timestamp":` + number +
			`,"server_receive_time":1.5,"server_send_time":2.5,"message_count":3,"echo":"rtcbench"}`
		if pong != want {
			t.Errorf("\n got %s\nwant %s", pong, want)
		}
	}
}

// A number that went through another program may come back as a float.
func TestNumbersMayBeFloats(t *testing.T) {
	for text, want := range map[string]uint32{"7": 7, "7.0": 7, "7e0": 7, "4294967295.0": 4294967295, "4294967296.0": 0,
		"7.5": 0, "-7.0": 0, "1e300": 0} {
		if p, ok := DecodePing([]byte(`{"type":"ping","timestamp":1,"seq":` + text + `}`)); !ok || p.Number() != want {
			t.Errorf("%s: %v, %d, want %d", text, ok, p.Number(), want)
		}
		p, verdict := decodePong(
			[]byte(`{"type":"pong","client_timestamp":1.0,"seq":7.0,"message_count":3.0,"seen":5.0,"seen_last":` +
				text + `,"seen_window":"f"}`))
		if verdict != isPong || p.seq != 7 || p.tells != (want > 0) || p.seen.Last != want {
			t.Errorf("%s: %v %+v", text, verdict, p)
		}
	}
}

func TestDecodePing(t *testing.T) {
	for text, want := range map[string]bool{
		`{"type":"ping","timestamp":1}`:                       true,
		`{"type":"ping","timestamp":1,"seq":2,"future":null}`: true,
		`{"type":"ping","timestamp":"1"}`:                     false,
		`{"type":"ping"}`:                                     false,
		`{"type":"pong","timestamp":1}`:                       false,
		`{"type":"ping","timestamp":1e999}`:                   false,
		`[{"type":"ping","timestamp":1}]`:                     false,
		`{"nested":{"type":"ping","timestamp":1}}`:            false,
		``:     false,
		`null`: false,
		`{"type":"ping","timestamp":1}` + strings.Repeat(" ", maxMessage): false,
	} {
		if _, ok := DecodePing([]byte(text)); ok != want {
			t.Errorf("%.60s: %v, want %v", text, ok, want)
		}
	}
}

func TestPongDoesNotGrowWithItsPing(t *testing.T) {
	if _, ok := DecodePing([]byte(`{"type":"ping","timestamp":1.` + strings.Repeat("0", 59_900) + `}`)); ok {
		t.Error("a number of 60 KB would be sent back")
	}
	p, ok := DecodePing([]byte(`{"type":"ping","timestamp":1,"seq":` + strings.Repeat("1", 300) + `}`))
	if !ok || p.Seq != nil {
		t.Errorf("%v, %s", ok, p.Seq)
	}
}

func TestDecodePong(t *testing.T) {
	for text, want := range map[string]verdict{
		`{"type":"pong","client_timestamp":1,"server_receive_time":2,` +
			`"server_send_time":3,"message_count":1}`: isPong,
		`{"type":"pong","client_timestamp":1,"server_receive_time":null}`: isPong,
		`{"type":"pong","client_timestamp":NaN}`:                          malformed,
		`{"type":"pong","client_timestamp":1e400}`:                        malformed,
		`{"type":"pong","client_timestamp":"1"}`:                          malformed,
		`{"type":"pong"}`:                                                 malformed,
		`{"type":"pong","client_timestamp":1`:                             malformed,
		"\x00\x01\x02":                                                    malformed,
		``:                                                                malformed,
		strings.Repeat("[", 20000):                                        malformed,
		strings.Repeat(`{"a":`, 5000):                                     malformed,
		`{"a":"` + strings.Repeat("x", 1<<20) + `"}`:                      malformed,
		`{"type":"ping","timestamp":1}`:                                   otherTopic,
		`{"hello":"world"}`:                                               otherTopic,
		`{}`:                                                              otherTopic,
	} {
		if _, got := decodePong([]byte(text)); got != want {
			t.Errorf("%.60s: %v, want %v", text, got, want)
		}
	}
	p, _ := decodePong([]byte(`{"type":"pong","client_timestamp":1,"server_receive_time":"x","server_send_time":3}`))
	if !math.IsNaN(p.receive) || p.send != 3 || !math.IsNaN(p.seq) || p.ours {
		t.Errorf("%+v", p)
	}
}

// FuzzDecodePong holds the decoder against encoding/json: it must never crash, and must read
// what encoding/json reads wherever a key does not stand twice.
func FuzzDecodePong(f *testing.F) {
	f.Add([]byte(`{"type":"pong","client_timestamp":1763870123456.75,"server_receive_time":1,"server_send_time":2,` +
		`"message_count":3,"seq":4}`))
	f.Add([]byte(`{"client_timestamp":1e999,"type":"pong"}`))
	f.Add([]byte(`{"type":"pong","client_timestamp":NaN}`))
	f.Add([]byte(`{"a":[[[[{"b":"\"}"}]]]],"type":"pong" , "client_timestamp" : -0.5e-3 }`))
	f.Add([]byte("{\"type\":\"pong\",\"client_timestamp\":1,\"s\\u0065q\":1}"))
	f.Add([]byte(strings.Repeat("[", 10001)))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, verdict := decodePong(data)
		DecodePing(data)
		var want map[string]json.RawMessage
		if json.Unmarshal(data, &want) != nil || want == nil || len(data) > maxMessage {
			if verdict != malformed {
				t.Fatalf("%q: verdict %v for what is no JSON object", data, verdict)
			}
			return
		}
		keys := 0
		eachField(data, func(_, _ []byte) { keys++ })
		if keys != len(want) || strings.Contains(string(data), `\`) {
			return // a key stands twice, or is escaped: readers differ, and both are right
		}
		var ts float64
		isNumber := json.Unmarshal(want["client_timestamp"], &ts) == nil && string(want["client_timestamp"]) != "null"
		switch typed := string(want["type"]) == `"pong"`; {
		case typed && isNumber && (verdict != isPong || got.timestamp != ts):
			t.Fatalf("%q: %v, timestamp %v, want %v", data, verdict, got.timestamp, ts)
		case typed && !isNumber && verdict != malformed, !typed && verdict != otherTopic:
			t.Fatalf("%q: verdict %v", data, verdict)
		}
	})
}
