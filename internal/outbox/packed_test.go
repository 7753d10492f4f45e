package outbox

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
	"rtcbench/internal/store/sqlite"
)

// again is the outbox as the next process sees it.
func again(o *Outbox) *Outbox { return Open(o.dir, o.max) }

// readBack gives the runs of a SQLite store, with their samples.
func readBack(t *testing.T, path string) (list []bench.Run) {
	t.Helper()
	s, err := sqlite.OpenToRead(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for r, err := range s.Runs(t.Context(), bench.Query{Samples: true}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// TestSizeOfAFile: a run of 600 pings waits in some 10 kB, and is in the store what it would be without the wait.
func TestSizeOfAFile(t *testing.T) {
	o := box(t)
	r := benchtest.StoredRun(600, time.Now())
	d := result.NewDocument(bench.NewRecord(r))
	dir := t.TempDir()
	at, later := filepath.Join(dir, "at.db"), filepath.Join(dir, "later.db")
	if err := o.Put(d, []string{at, later}); err != nil {
		t.Fatal(err)
	}
	list, err := o.Waiting()
	if count(t, list, err) != 1 || list[0].RunID != r.ID || list[0].Ended != float64(r.End.UnixMicro())/1e6 {
		t.Fatalf("%+v", list)
	}
	line, err := d.Line()
	if err != nil {
		t.Fatal(err)
	}
	if t.Logf("%d bytes; as JSON %d", list[0].Size, len(line)); list[0].Size > 12_000 {
		t.Errorf("a file has %d bytes", list[0].Size)
	}
	deliver(t, o, sqliteTarget(at)) // by the process that has measured it
	if out := deliver(t, again(o), sqliteTarget(later)); out.Delivered != 1 {
		t.Fatalf("%+v", out)
	}
	var files []string
	for _, path := range []string{at, later} {
		runs := readBack(t, path)
		if len(runs) != 1 || len(runs[0].Samples) != len(r.Samples) {
			t.Fatalf("%s: %d runs", path, len(runs))
		}
		var b bytes.Buffer
		if err := result.Write(&b, bench.NewRecord(runs[0])); err != nil {
			t.Fatal(err)
		}
		files = append(files, b.String())
	}
	if files[0] != files[1] {
		t.Errorf("it waited, and is another run now:\n%s\n%s", files[0], files[1])
	}
}

// TestFileOfRtcbenchBeforePacking: a file that an rtcbench wrote whose runs waited as JSON is listed, offered, noted,
// rejected, offered again and delivered as any.
func TestFileOfRtcbenchBeforePacking(t *testing.T) {
	const id, name = "01a216c8-680a-7c7f-8da5-3191cd07283e", "influxdb:127.0.0.1:1/x"
	data, err := os.ReadFile("testdata/" + id + "_for-a0cdb64a_size-8261.json")
	if err != nil {
		t.Fatal(err)
	}
	o := box(t)
	put(t, o, name) // makes the folder
	if err := os.WriteFile(filepath.Join(o.dir, id+"_for-a0cdb64a_size-8261.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	listed := func(list []Entry, err error, n, tries int) {
		t.Helper()
		if count(t, list, err) != n || list[0].RunID != id || list[0].Ended != 1795678562.557114 ||
			list[0].Stores[name].Tries != tries {
			t.Fatalf("%+v", list)
		}
	}
	refuses := &shelf{fail: func(r bench.Run) error {
		if r.ID == id {
			return bench.ErrRejected
		}
		return bench.ErrFailed
	}}
	list, err := o.Waiting()
	listed(list, err, 2, 1)
	deliver(t, again(o), target(name, &shelf{fail: func(bench.Run) error { return bench.ErrFailed }}))
	list, err = o.Waiting()
	listed(list, err, 2, 2)
	deliver(t, again(o), target(name, refuses))
	list, err = o.Rejected()
	listed(list, err, 1, 3)
	if n, err := o.Retry(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	path := filepath.Join(t.TempDir(), "runs.db")
	into := sqliteTarget(path)
	into.Name = name
	if out := deliver(t, again(o), into); out.Delivered != 2 || len(out.Failures) > 0 {
		t.Fatalf("%+v", out)
	}
	for _, r := range readBack(t, path) {
		if r.ID == id && len(r.Samples) == 20 && r.Location == "fra" && r.Counts.Answered == 20 {
			return
		}
	}
	t.Error("the run is not in the store")
}

// TestDamagedPackedRun: a file of which a byte is another is named once and put aside as it is; one whose run cannot be
// is rejected with the reason; one that a newer rtcbench has packed waits for it.
func TestDamagedPackedRun(t *testing.T) {
	packed, err := result.Pack(bench.NewRecord(benchtest.Run(20)))
	if err != nil {
		t.Fatal(err)
	}
	forged := packed
	forged.Document = bytes.ReplaceAll(packed.Document, []byte(`"platform":"livekit"`), []byte(`"platform":"zoom"`))
	for want, spoil := range map[string]func() []byte{
		"it was damaged on its way": func() []byte { b, _ := packed.MarshalBinary(); b[200] ^= 1; return b },
		`platform: "zoom"`:          func() []byte { b, _ := forged.MarshalBinary(); return b },
		"a newer rtcbench":          func() []byte { b, _ := packed.MarshalBinary(); b[0] = 9; return b },
	} {
		o := box(t)
		good := put(t, o, "x")
		d := document{Packed: spoil()}
		d.head = head{Version: asPacked, RunID: packed.ID, Stores: map[string]Wait{"x": {}}}
		data, err := d.encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.dir, packed.ID+".json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		x := &shelf{}
		out := deliver(t, again(o), target("x", x))
		if out.Delivered != 1 || len(out.Failures) != 1 || !out.Failures[0].Final || len(x.kept) != 1 ||
			x.kept[0] != good.ID || !strings.Contains(out.Failures[0].Err.Error(), want) {
			t.Errorf("want %q, got %+v", want, out)
		}
		waiting, err := o.Count()
		rejected, _ := filepath.Glob(filepath.Join(o.rejected(), packed.ID+"*"))
		if newer := want == "a newer rtcbench"; err != nil || waiting == 1 != newer || len(rejected) == 1 == newer {
			t.Errorf("%s: %d wait, rejected are %v, %v", want, waiting, rejected, err)
		}
	}
}

// TestRunThatNoStoreCanTake: it is not lost; it lies where people look for what was refused, and can be read there.
func TestRunThatNoStoreCanTake(t *testing.T) {
	o := box(t)
	r := benchtest.StoredRun(20, time.Now())
	r.Counts.Answered += 3 // than it has samples
	if err := o.Put(result.NewDocument(bench.NewRecord(r)), []string{"x"}); err != nil {
		t.Fatal(err)
	}
	into := sqliteTarget(filepath.Join(t.TempDir(), "runs.db"))
	into.Name = "x"
	for _, box := range []*Outbox{o, again(o)} {
		out := deliver(t, box, into)
		if len(out.Failures) != 1 || !out.Failures[0].Final || out.Failures[0].RunID != r.ID {
			t.Fatalf("%+v", out)
		}
		list, err := box.Rejected()
		if count(t, list, err) != 1 || list[0].RunID != r.ID {
			t.Fatalf("%+v", list)
		}
		data, err := os.ReadFile(list[0].Path)
		if err != nil || !json.Valid(data) || !bytes.Contains(data, []byte(`"measurements"`)) {
			t.Errorf("%.80s, %v", data, err)
		}
		if n, err := box.Retry(); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
}
