package keep

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
	"rtcbench/internal/store/influx"
)

// influxStores are an InfluxDB at address, and an outbox in dir.
func influxStores(dir, address, org, database string) Stores {
	o := influx.Options{URL: address, Org: org, Database: database}
	open := func(context.Context) (bench.Store, error) { return influx.New(o) }
	return Stores{[]outbox.Target{{Name: o.Name(), Open: open, Like: o.Like}},
		outbox.Open(filepath.Join(dir, "outbox"), 16<<20)}
}

// one is what a command measured that measured r.
func one(r bench.Run) Measured {
	d := result.NewDocument(bench.NewRecord(r))
	return Measured{Runs: []*result.Document{d}, Write: d.Write}
}

// texts are errors as lines.
func texts(errs []error) string { return fmt.Sprint(errors.Join(errs...)) }

// TestExitCodeIsOfThisRun: a run that a server fails at makes its own command fail, and no later one, whose run is
// taken.
func TestExitCodeIsOfThisRun(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		if text, _ := io.ReadAll(z); strings.Contains(string(text), "POISON") {
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, `{"code":"internal error","message":"partial write"}`)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	dir := t.TempDir()
	k := influxStores(dir, server.URL, "", "x")
	measure := func(location string) Outcome {
		r := benchtest.StoredRun(3, time.Now())
		r.Location = location
		return Recipients{Stores: k}.Keep(t.Context(), one(r))
	}
	if o := measure("POISON1"); !strings.Contains(texts(o.Unkept), "did not take the run: ") ||
		!strings.Contains(texts(o.Unkept), "partial write") {
		t.Error(o.Unkept)
	}
	o := measure("fra")
	if o.Unkept != nil || len(o.Older) != 1 ||
		!strings.Contains(texts(o.Older), "1 older run still waits for influxdb:") {
		t.Errorf("%v; %v", o.Unkept, o.Older)
	}
	if n, err := k.Box.Count(); n != 1 || err != nil {
		t.Errorf("%d wait, %v", n, err)
	}
}

// TestOrganisationThatIsCorrected: what waits under the wrong one is delivered by the next command that names the right
// one.
func TestOrganisationThatIsCorrected(t *testing.T) {
	var taken atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("org") != "right" {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"code":"not found","message":"organization name \"wrong\" not found"}`)
			return
		}
		taken.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	dir := t.TempDir()
	var older []error
	for _, org := range []string{"wrong", "right"} {
		k := influxStores(dir, server.URL, org, "x")
		o := Recipients{Stores: k}.Keep(t.Context(), one(benchtest.StoredRun(3, time.Now())))
		if (o.Unkept == nil) != (org == "right") {
			t.Errorf("%s: %v", org, o.Unkept)
		}
		if n, err := k.Box.Count(); (n == 0) != (org == "right") || err != nil {
			t.Errorf("%s: %d wait, %v", org, n, err)
		}
		older = append(older, o.Older...)
	}
	if !strings.Contains(texts(older), "/wrong/x, a name under which no run was ever taken, is for influxdb:") {
		t.Error(older)
	}
}

// writer is a function as a writer.
type writer func()

func (w writer) Write(p []byte) (int, error) { w(); return len(p), nil }

// TestTheOrderOfSafety: what was measured is in memory, in the file and on the disk for the stores before anybody is
// shown it, and before a network is asked.
func TestTheOrderOfSafety(t *testing.T) {
	var order []string
	note := func(what string) { order = append(order, what) }
	box := outbox.Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)
	waits := func() string { n, err := box.Count(); return fmt.Sprint(n, " waits, ", err) }
	store := outbox.Target{Name: "x", Open: func(context.Context) (bench.Store, error) {
		note("network")
		return nil, errors.New("connection refused")
	}}
	k := Recipients{
		Took:   func(bench.Record) { note("memory") },
		Output: Output{Path: "-", Stdout: writer(func() { note("file, " + waits()) })},
		Stores: Stores{[]outbox.Target{store}, box},
		Table:  func() error { note("table, " + waits()); return errors.New("broken pipe") },
		Limits: Limits{P95: Limit{Value: 0.001, Set: true}},
	}
	o := k.Keep(t.Context(), one(benchtest.StoredRun(20, time.Now())))
	if want := []string{"memory", "file, 0 waits, <nil>", "table, 1 waits, <nil>", "network"}; !slices.Equal(
		order, want) {
		t.Errorf("%q, want %q", order, want)
	}
	if len(o.Unkept) != 2 || len(o.Broken) != 1 || o.Early != nil { // one that fails keeps no other from being asked
		t.Errorf("%+v", o)
	}
}

// signalled is the cause of a context that a signal ended.
type signalled struct{}

func (signalled) Error() string { return "stopped" }
func (signalled) Stops()        {}

// hanging is a store that answers nobody.
type hanging struct {
	bench.Store
	asked func()
}

func (h hanging) Save(ctx context.Context, _ bench.Record) error {
	if h.asked != nil {
		h.asked()
	}
	<-ctx.Done()
	return ctx.Err()
}

func (hanging) Close() error { return nil }

// TestASignalInADelivery ends one that hangs within two seconds, whenever it comes, and the runs wait.
func TestASignalInADelivery(t *testing.T) {
	for _, when := range []time.Duration{0, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			asked := func() { time.AfterFunc(when, func() { stop(signalled{}) }) }
			k := Stores{Box: outbox.Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)}
			for i := range 2 {
				k.Targets = append(k.Targets,
					outbox.Target{Name: fmt.Sprint("x", i), Open: func(context.Context) (bench.Store, error) {
						return hanging{asked: asked}, nil
					}})
			}
			began := time.Now()
			o := Recipients{Stores: k}.Keep(ctx, one(benchtest.StoredRun(3, time.Now())))
			if took := time.Since(began); o.Unkept == nil || took < when || took > when+2*time.Second {
				t.Errorf("a signal after %v: it took %v, %v", when, took, o.Unkept)
			}
			if n, err := k.Box.Count(); n != 1 || err != nil {
				t.Errorf("%d wait, %v", n, err)
			}
		})
	}
}

// TestWhatIsLostIsSaid: neither the file, the outbox, the store nor the folder for temporary files takes the result.
func TestWhatIsLostIsSaid(t *testing.T) {
	dir := t.TempDir()
	nowhere := filepath.Join(dir, "nowhere")
	t.Setenv("TMPDIR", nowhere)
	t.Setenv("TMP", nowhere)
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	away := outbox.Target{Name: "x", Open: func(context.Context) (bench.Store, error) {
		return nil, errors.New("connection refused")
	}}
	k := Recipients{
		Output: Output{Path: filepath.Join(nowhere, "run.json")},
		Stores: Stores{[]outbox.Target{away}, outbox.Open(filepath.Join(dir, "file", "outbox"), 1<<20)},
	}
	run := benchtest.StoredRun(3, time.Now())
	lost := func(k Recipients) (Outcome, bool) {
		o := k.Keep(t.Context(), one(run))
		return o, errors.Is(errors.Join(o.Unkept...), ErrLost)
	}
	o, isLost := lost(k)
	var room *NoRoom
	if !isLost || len(o.Unkept) != 4 ||
		!strings.Contains(o.Unkept[0].Error(), "the folder for temporary files did not take it either") ||
		!errors.As(o.Unkept[1], &room) || room.Gone == nil || room.Fates[0].Err == nil {
		t.Errorf("%v", o.Unkept)
	}
	written := k
	written.Output.Path = filepath.Join(dir, "run.json")
	if o, isLost := lost(written); isLost || len(o.Unkept) != 2 {
		t.Errorf("the file has it: %v", o.Unkept)
	}
	standin := run
	standin.Standin = true
	if o := k.Keep(t.Context(), one(standin)); !errors.Is(errors.Join(o.Unkept...), ErrLost) {
		t.Errorf("no store is given a stand-in's run, and no file has it: %v", o.Unkept)
	}
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	if o, isLost := lost(k); isLost || !errors.As(o.Unkept[1], &room) || !strings.Contains(room.Where, "rtcbench-") {
		t.Errorf("%v", o.Unkept)
	}
}

// TestAStoreIsNamedOnce: what a store says of a run is told with the name of the store, once, wherever it comes from.
func TestAStoreIsNamedOnce(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "hello")
	}))
	defer login.Close()
	for name, address := range map[string]string{"away": gone.URL, "somebody else": login.URL} {
		host := strings.TrimPrefix(address, "http://")
		for way, ctx := range map[string]context.Context{"": t.Context(), ", after a signal": stoppedContext(t)} {
			k := influxStores(t.TempDir(), address, "", "x")
			o := Recipients{Stores: k}.Keep(ctx, one(benchtest.StoredRun(2, time.Now())))
			text := texts(o.Unkept)
			want := 1
			if name == "away" {
				want = 2 // the system names the address that it dialled
			}
			if strings.Count(text, "influxdb:"+host) != 1 || strings.Count(text, host) > want {
				t.Errorf("%s%s: %s", name, way, text)
			}
		}
	}
}

func stoppedContext(t *testing.T) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(signalled{})
	return ctx
}
