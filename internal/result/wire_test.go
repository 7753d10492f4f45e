package result

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/stats"
)

func onItsWay(t *testing.T, p Packed) []byte {
	t.Helper()
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestPackedOnItsWay: what arrives is what was sent, to the byte and in all by which a store finds it.
func TestPackedOnItsWay(t *testing.T) {
	for name, run := range benchtest.Runs() {
		run.Start, run.End = run.Start.Add(123*time.Nanosecond), run.End.Add(456*time.Nanosecond)
		run.Place()
		want := packed(t, run)
		got, back, err := ReadPacked(onItsWay(t, want))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got.Packed, want.Packed) || back.ID != run.ID || len(back.Samples) != len(run.Samples) {
			want.Document, got.Document = nil, nil
			t.Errorf("%s: sent\n%+v\nthere is\n%+v", name, want.Packed, got.Packed)
		}
	}
	data := onItsWay(t, packed(t, benchtest.Run(600)))
	if t.Logf("600 pings: %d bytes", len(data)); len(data) > 10_000 {
		t.Errorf("%d bytes, want at most 10000", len(data))
	}
}

// TestDamagedOnItsWay: whatever byte is another, or missing, nothing of it is believed.
func TestDamagedOnItsWay(t *testing.T) {
	data := onItsWay(t, packed(t, benchtest.Run(20)))
	for i := range data {
		harmed := bytes.Clone(data)
		harmed[i] ^= 0x81
		want := ErrDamaged
		if i == 0 {
			want = ErrNewer
		}
		if _, _, err := ReadPacked(harmed); !errors.Is(err, want) {
			t.Errorf("byte %d is another: %v", i, err)
		}
		if _, _, err := ReadPacked(data[:i]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut off after %d bytes: %v", i, err)
		}
	}
	if _, _, err := ReadPacked(append(data, 0)); !errors.Is(err, ErrDamaged) {
		t.Errorf("one byte more: %v", err)
	}
}

// sealed is b as somebody sends it who knows the format and means harm.
func sealed(b []byte) []byte {
	sum := sha256.Sum256(b)
	return append(append([]byte{wireVersion}, sum[:]...), b...)
}

// TestForgedOnItsWay: what no prober can have made, or no store may keep as it is, is refused with its place.
func TestForgedOnItsWay(t *testing.T) {
	answered := func(n uint64, at time.Duration) []byte {
		var h stats.Histogram
		h.AddMany(at, n)
		b, _ := h.MarshalBinary()
		return b
	}
	for want, forge := range map[string]func(p *Packed){
		"the histogram is not that of the samples": func(p *Packed) { p.Histogram = answered(18, 40*time.Millisecond) },
		"the histogram has 3 pings":                func(p *Packed) { p.Histogram = answered(3, time.Millisecond) },
		"damaged: not a histogram":                 func(p *Packed) { p.Histogram = []byte{1} },
		"the samples are damaged":                  func(p *Packed) { p.Samples = p.Samples[:30] },
		"details.counts.answered is 19":            change(`"answered":18,"late":1`, `"answered":19,"late":0`),
		"statistics.p95_rtt: 0.5; the samples":     number("p95_rtt", "0.5"),
		"statistics.jitter: 1e+99":                 number("jitter", "1e99"),
		"statistics.mean_rtt: -3":                  number("mean_rtt", "-3"),
		"metadata.room_url: a user":                change(`wss://`, `wss://key:secret@`),
		"end_time: 9e+99":                          change(`"end_time":17`, `"end_time":9e99,"x":17`),
		"is in the future":                         change(`_time":17`, `_time":77`),
		"metadata.run_id":                          change(`"run_id":"0`, `"run_id":"z`),
		"details.validity: it is missing":          change(`"validity":{`, `"was":{`),
		"they stand apart": change(`"measurements":null`,
			`"measurements":[{"round_trip_time":1,"message_number":1,"timestamp":1}]`),
		`platform: "zoom"`:  change(`"platform":"livekit"`, `"platform":"zoom"`),
		"schema_version":    change(`"schema_version":1`, `"schema_version":2`),
		"it is there twice": change(`{"platform"`, `{"platform":"livekit","platform"`),
	} {
		p := packed(t, benchtest.Run(20))
		forge(&p)
		if _, _, err := ReadPacked(onItsWay(t, p)); err == nil || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "secret") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	var bomb bytes.Buffer
	w, _ := flate.NewWriter(&bomb, flate.BestCompression)
	w.Write(make([]byte, 64<<20))
	w.Close()
	for _, says := range []uint64{64 << 20, 1 << 60, 100} {
		b := binary.AppendUvarint(nil, says)
		for _, n := range []int{bomb.Len(), 0, 0} {
			b = binary.AppendUvarint(b, uint64(n))
		}
		if _, _, err := ReadPacked(sealed(append(b, bomb.Bytes()...))); err == nil {
			t.Errorf("a document of %d bytes was read", says)
		}
	}
}

// number replaces the number of a key.
func number(key, value string) func(*Packed) {
	return func(p *Packed) {
		was := regexp.MustCompile(`"` + key + `":[0-9.]+`)
		if !was.Match(p.Document) {
			panic(key + " is not in it")
		}
		p.Document = was.ReplaceAll(p.Document, []byte(`"`+key+`":`+value))
	}
}

// change replaces a text in the document.
func change(old, new string) func(*Packed) {
	return func(p *Packed) {
		if !bytes.Contains(p.Document, []byte(old)) {
			panic(old + " is not in it")
		}
		p.Document = bytes.ReplaceAll(p.Document, []byte(old), []byte(new))
	}
}

// TestImportOfPacked: a file of the outbox can be imported.
func TestImportOfPacked(t *testing.T) {
	run := benchtest.Run(20)
	text, err := json.Marshal(map[string]any{"outbox": 2, "packed": onItsWay(t, packed(t, run))})
	if err != nil {
		t.Fatal(err)
	}
	list, err := read(string(text) + "\n" + string(text))
	if err != nil || len(list) != 2 || list[1].Run.ID != run.ID || len(list[1].Run.Samples) != 21 {
		t.Errorf("%+v, %v", list, err)
	}
	harmed := strings.Replace(string(text), `AA`, `BA`, 1)
	if _, err := read(harmed); harmed == string(text) || !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

// FuzzReadPacked: whatever arrives with a hash that is right, is refused, or a run that can be packed again.
func FuzzReadPacked(f *testing.F) {
	for _, run := range seeds() {
		p, _ := Pack(bench.NewRecord(run))
		data, _ := p.MarshalBinary()
		f.Add(data[1+sha256.Size:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, run, err := ReadPacked(sealed(data))
		if err != nil {
			return
		}
		if _, err := p.Run(); err != nil {
			t.Fatalf("let through, and cannot be read: %v", err)
		}
		if _, err := Pack(bench.NewRecord(run)); err != nil {
			t.Fatalf("let through, and cannot be packed: %v", err)
		}
	})
}

// BenchmarkReadPacked is what a hub does with a run of 600 pings before a store takes it.
func BenchmarkReadPacked(b *testing.B) {
	record := bench.NewRecord(benchtest.Run(600))
	p, err := Pack(record)
	if err != nil {
		b.Fatal(err)
	}
	data, err := p.MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("read and checked", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := ReadPacked(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("packed", func(b *testing.B) {
		for b.Loop() {
			if _, err := Pack(record); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("on its way", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.MarshalBinary(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
