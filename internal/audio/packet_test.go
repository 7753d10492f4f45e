package audio_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/audio"
)

var update = flag.Bool("update", false, "write the packets of testdata/audio anew, from their fields")

// vector is one packet as testdata/audio/packets.json has it. web/test plays the same ones.
type vector struct {
	Says    string  `json:"says"`
	Frame   *string `json:"frame,omitempty"` // null = silence
	Size    int     `json:"size,omitempty"`
	Verdict string  `json:"verdict"`
	Records []told  `json:"records,omitempty"`
	Packet  string  `json:"packet"`
	Broken  bool    `json:"broken,omitempty"` // nobody writes such a packet: it is only read
}

// told is a record, with numbers that a JSON reader keeps exactly.
type told struct {
	Type       uint8  `json:"type"`
	Flags      uint16 `json:"flags"`
	Run        string `json:"run"` // hex
	Seq        uint32 `json:"seq"`
	ClockError uint32 `json:"clock_error_us"`
	T1         int64  `json:"t1_us"`
	T2         int64  `json:"t2_us"`
	T3         int64  `json:"t3_us"`
	Count      uint64 `json:"seen"`
	Last       uint32 `json:"seen_last"`
	Window     string `json:"seen_window"` // hex
}

func (d told) record(t *testing.T) audio.Record {
	t.Helper()
	run, err := strconv.ParseUint(d.Run, 16, 64)
	window, err2 := strconv.ParseUint(d.Window, 16, 64)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	return audio.Record{Type: audio.Type(d.Type), Flags: audio.Flags(d.Flags), Run: run, Seq: d.Seq,
		ClockError: d.ClockError, T1: d.T1, T2: d.T2, T3: d.T3,
		Seen: bench.Seen{Count: d.Count, Last: d.Last, Window: window}}
}

const vectors = "../../testdata/audio/packets.json"

func readVectors(t *testing.T) (list []vector) {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(vectors))
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil || len(list) < 10 {
		t.Fatalf("%d vectors, %v", len(list), err)
	}
	return list
}

func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPacketsAreAsWritten: Go and the page write and read the same bytes, those of testdata/audio.
func TestPacketsAreAsWritten(t *testing.T) {
	list := readVectors(t)
	for i, v := range list {
		var records []audio.Record
		for _, d := range v.Records {
			records = append(records, d.record(t))
		}
		var frame []byte
		if v.Frame != nil {
			frame = bytesOf(t, *v.Frame)
		}
		if *update && !v.Broken {
			list[i].Packet = hex.EncodeToString(audio.Append(nil, frame, v.Size, records...))
			v = list[i]
		}
		packet := bytesOf(t, v.Packet)
		if got := audio.Append([]byte{7}, frame, v.Size, records...); !v.Broken && !bytes.Equal(got[1:], packet) {
			t.Errorf("%s: written\n%x, want\n%x", v.Says, got[1:], packet)
		}
		want := map[string]audio.Verdict{"ours": audio.Ours, "not ours": audio.NotOurs, "malformed": audio.Malformed}
		first, got := audio.Decode(packet)
		if verdict, known := want[v.Verdict]; !known || got != verdict {
			t.Errorf("%s: read as %v, want %q", v.Says, got, v.Verdict)
		}
		var read []audio.Record
		for r, verdict := range audio.Records(packet) {
			if verdict == audio.Ours {
				read = append(read, r)
			}
		}
		if !slices.Equal(read, records) || len(records) > 0 && first != records[0] {
			t.Errorf("%s: read\n%+v, want\n%+v", v.Says, read, records)
		}
	}
	if *update {
		data, _ := json.MarshalIndent(list, "", "  ")
		if err := os.WriteFile(filepath.FromSlash(vectors), append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var pong = audio.Record{Type: audio.Pong, Flags: audio.Stamped | audio.Tells | audio.ClockKnown | audio.AtWire,
	Run: 0x5c1ab2f0, Seq: 70_000, T1: 1_764_140_000_123_456, T2: 1_764_140_000_143_000, T3: 1_764_140_000_143_061,
	ClockError: 600, Seen: bench.Seen{Count: 69_998, Last: 70_000, Window: 1<<63 | 5}}

// TestPacketIsAsLargeAsAsked: a packet has the size that was asked for, whatever it carries, up to the largest, and a
// ping weighs what its pong does.
func TestPacketIsAsLargeAsAsked(t *testing.T) {
	ping := audio.Record{Type: audio.Ping, Seq: 1, T1: 1}
	frame := append([]byte{0x78}, make([]byte, 40)...)
	for size := 0; size <= audio.MaxSize; size++ {
		for _, f := range [][]byte{nil, frame} {
			p, q := audio.Append(nil, f, size, ping), audio.Append(nil, f, size, pong)
			least := max(len(f), 3) + 2 + audio.RecordSize
			if len(p) != max(size, least) || len(q) != len(p) {
				t.Fatalf("%d B were asked for, and the ping has %d, the pong %d", size, len(p), len(q))
			}
			if r, v := audio.Decode(q); v != audio.Ours || r != pong {
				t.Fatalf("%d B: %v, %+v", size, v, r)
			}
			two := audio.Append(nil, f, size, ping, pong)
			if n := len(two); n != max(size, least+audio.RecordSize) {
				t.Fatalf("%d B were asked for two records, got %d", size, n)
			}
			if n := len(audio.Append(nil, f, size)); n < size || n > max(size+1, len(f), 3) {
				t.Fatalf("%d B were asked for a filler, got %d", size, n)
			}
		}
	}
	if a, b := audio.LabSize(150, 3), audio.LabSize(150, 254); a != 153 || a != b || audio.LabSize(150, 250) != 400 {
		t.Errorf("lab sizes %d %d", a, b)
	}
}

// TestChangedBytesAreNoticed: a record of which any bit was changed on its way is never taken for a true one.
func TestChangedBytesAreNoticed(t *testing.T) {
	whole := audio.Append(nil, nil, 0, pong)
	begin := len(whole) - audio.RecordSize
	for bit := begin * 8; bit < len(whole)*8; bit++ {
		p := slices.Clone(whole)
		p[bit/8] ^= 1 << (bit % 8)
		want := audio.Malformed
		if bit/8 < begin+4 {
			want = audio.NotOurs // the name is another
		}
		if r, v := audio.Decode(p); v != want {
			t.Errorf("bit %d changed: %v, %+v", bit, v, r)
		}
	}
	for n := range len(whole) {
		if _, v := audio.Decode(whole[:n]); v == audio.Ours {
			t.Errorf("the first %d bytes are taken for all", n)
		}
	}
}

// TestFramesThatCannotCarry: a packet that has padding or several frames is not broken by more padding.
func TestFramesThatCannotCarry(t *testing.T) {
	for _, frame := range [][]byte{nil, {}, {0xf9, 1, 2}, {0xfb, 0x41, 0, 1}} {
		got, want := audio.Append(nil, frame, 100, pong), audio.Append(nil, nil, 100, pong)
		if !bytes.Equal(got, want) {
			t.Errorf("%x: %x", frame, got)
		}
		if audio.CanCarry(frame) {
			t.Errorf("%x can carry", frame)
		}
	}
}

// FuzzDecode: whatever arrives, reading it ends, and what is read is what was written.
func FuzzDecode(f *testing.F) {
	f.Add(audio.Append(nil, nil, 120, pong))
	f.Add(audio.Append(nil, []byte{0x78, 1, 2, 3}, 400, pong, pong))
	f.Add(audio.Append(nil, nil, 80))
	f.Add([]byte{0xfb, 0x41, 0xff, 0xff})
	f.Add([]byte{0xfb, 0x41, 0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, payload []byte) {
		before := slices.Clone(payload)
		var records []audio.Record
		n := 0
		for r, v := range audio.Records(payload) {
			if n++; v == audio.Ours {
				records = append(records, r)
			} else if r != (audio.Record{}) {
				t.Errorf("%v, and yet %+v", v, r)
			}
		}
		if n > len(payload)/audio.RecordSize || !bytes.Equal(before, payload) {
			t.Errorf("%d records of %d bytes, which are now %x", n, len(payload), payload)
		}
		if len(records) == 0 {
			return
		}
		var again []audio.Record
		for r := range audio.Records(audio.Append(nil, nil, len(payload), records...)) {
			again = append(again, r)
		}
		if !slices.Equal(again, records) {
			t.Errorf("%+v was written and read as %+v", records, again)
		}
	})
}

// TestAReplySoundsAsTheQuestion: an echo puts its record in the place of the one that asked, and changes nothing else.
func TestAReplySoundsAsTheQuestion(t *testing.T) {
	frame := []byte{0xf8, 1, 2, 3, 4, 5}
	ask := audio.Record{Type: audio.Ping, Run: 7, Seq: 9, T1: 11}
	reply := audio.Record{Type: audio.Pong, Run: 7, Seq: 9, T1: 11, T2: 12, T3: 13}
	for _, size := range []int{80, 140, 320, 600} {
		got := audio.AppendReply([]byte{42}, audio.Append(nil, frame, size, ask), reply)
		if want := append([]byte{42}, audio.Append(nil, frame, size, reply)...); !bytes.Equal(got, want) {
			t.Errorf("size %d: % x, want % x", size, got, want)
		}
	}
	if got := audio.AppendReply(nil, frame, reply); !bytes.Equal(got, frame) {
		t.Errorf("% x", got)
	}
}
