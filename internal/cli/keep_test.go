package cli

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/outbox"
)

// influxKeeper keeps in an InfluxDB at address.
func influxKeeper(t *testing.T, dir, address, org, database string) keeper {
	t.Helper()
	c := check{settings: newSettings(func(string) (string, bool) { return "", false }, "")}
	f := storeFlags{Store: []string{"influxdb"}, DataDir: dir, OutboxMax: "16", influxFlags: influxFlags{InfluxURL: address, InfluxOrg: org, InfluxDatabase: database}}
	k := f.keeper(&c)
	if c.err != nil {
		t.Fatal(c.err)
	}
	return k
}

// TestExitCodeIsOfThisRun: a run that a server fails at makes its own command fail, and no later one, whose run is taken.
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
	k := influxKeeper(t, dir, server.URL, "", "x")
	measure := func(location string) (string, error) {
		r := benchtest.StoredRun(3, time.Now())
		r.Location = location
		if err := k.put(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		return said.String(), func() error {
			err := k.deliver(t.Context(), &said, r.ID)
			return errors.Join(err, errors.New(said.String()))
		}()
	}
	if _, err := measure("POISON1"); !strings.Contains(err.Error(), "did not take the run: ") || !strings.Contains(err.Error(), "partial write") {
		t.Error(err)
	}
	_, err := measure("fra")
	if text := err.Error(); strings.Contains(text, "did not take the run") || !strings.Contains(text, "1 older run(s) still wait for influxdb:") || strings.Count(text, "\n") != 1 {
		t.Errorf("%q", text)
	}
	if n, err := k.box.Count(); n != 1 || err != nil {
		t.Errorf("%d wait, %v", n, err)
	}
}

// TestSpellingsOfAnInfluxDB: names that lead to one store are one, and two stores stay two.
func TestSpellingsOfAnInfluxDB(t *testing.T) {
	for _, c := range []struct {
		was, now string // URL organisation database
		like     outbox.Likeness
	}{
		{"http://Db.Example:8086/ o d", "http://db.example:8086 o d", outbox.Same},
		{"http://db.example:8086// o d", "http://db.example.:8086 o d", outbox.Same},
		{"http://db.example o d", "https://db.example:443 o d", outbox.Same},
		{"http://db.example:80/base/ o d", "http://db.example//base o d", outbox.Same},
		{"http://localhost:8086 o d", "http://127.0.0.1:8086 o d", outbox.Same},
		{"http://[::1]:8086 - d", "http://LOCALHOST:8086 - d", outbox.Same},
		{"http://db:8086 - d", "http://db:8086 o d", outbox.Same},
		{"http://db:8086 o d/rp", "http://DB:8086 o d/rp", outbox.Same},
		{"http://db:8086 o d", "http://db:8086 p d", outbox.Near},
		{"http://db:8086 o d", "http://db:8086 - d", outbox.Near},
		{"http://db:8086/api/v2/write o d", "http://db:8086 o d", outbox.Near},
		{"http://db:8086 o d", "http://db:8086 o D", outbox.Another},
		{"http://db:8086 o my/d", "http://db:8086 o d", outbox.Another},
		{"http://db:8086 o d", "http://db:8087 o d", outbox.Another},
		{"http://db:8086 o d", "http://db2:8086 o d", outbox.Another},
	} {
		parts := func(s string) (*url.URL, string, string) {
			f := strings.Fields(s)
			u, err := url.Parse(f[0])
			if err != nil {
				t.Fatal(err)
			}
			return u, strings.Trim(f[1], "-"), f[2]
		}
		was, now := influxName(parts(c.was)), influxLike(parts(c.now))
		if got := now(was); got != c.like {
			t.Errorf("%s (%s) and %s: %v, want %v", c.was, was, c.now, got, c.like)
		}
	}
	// As rtcbench named them before.
	u, _ := url.Parse("http://db.example:80/")
	if like := influxLike(u, "o", "my/d"); like("influxdb:DB.example:80/o/my/d") != outbox.Same || like("sqlite:/x/my/d") != outbox.Another {
		t.Error("a name of an older version is not known")
	}
	dir := t.TempDir()
	if err := os.Symlink(dir, dir+"-link"); err == nil {
		t.Cleanup(func() { os.Remove(dir + "-link") })
		if sqliteLike(filepath.Join(dir, "runs.db"))("sqlite:"+dir+"-link/runs.db") != outbox.Same {
			t.Error("a link to the folder leads to another store")
		}
	}
}

// TestOrganisationThatIsCorrected: what waits under the wrong one is delivered by the next command that names the right one.
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
	var said strings.Builder
	for _, org := range []string{"wrong", "right"} {
		k := influxKeeper(t, dir, server.URL, org, "x")
		r := benchtest.StoredRun(3, time.Now())
		if err := k.put(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		if err := k.deliver(t.Context(), &said, r.ID); (err == nil) != (org == "right") {
			t.Errorf("%s: %v", org, err)
		}
		if n, err := k.box.Count(); (n == 0) != (org == "right") || err != nil {
			t.Errorf("%s: %d wait, %v", org, n, err)
		}
	}
	if !strings.Contains(said.String(), "/wrong/x, a name under which no run was ever taken, is for influxdb:") {
		t.Error(said.String())
	}
}

// hanging is a store that answers nobody.
type hanging struct {
	bench.Store
	asked func()
}

func (h hanging) Save(ctx context.Context, _ bench.Run) error {
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
			asked := func() { time.AfterFunc(when, func() { stop(stopped{syscall.SIGTERM}) }) }
			k := keeper{box: outbox.Open(filepath.Join(t.TempDir(), "outbox"), 1<<20)}
			for i := range 2 {
				k.targets = append(k.targets, outbox.Target{Name: fmt.Sprint("x", i), Open: func(context.Context) (bench.Store, error) { return hanging{asked: asked}, nil }})
			}
			r := benchtest.StoredRun(3, time.Now())
			if err := k.put(ctx, &r); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			err := k.deliver(ctx, io.Discard, r.ID)
			if took := time.Since(began); err == nil || took < when || took > when+2*time.Second {
				t.Errorf("a signal after %v: it took %v, %v", when, took, err)
			}
			if n, err := k.box.Count(); n != 1 || err != nil {
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
	away := outbox.Target{Name: "x", Open: func(context.Context) (bench.Store, error) { return nil, errors.New("connection refused") }}
	k := keeper{targets: []outbox.Target{away}, box: outbox.Open(filepath.Join(dir, "file", "outbox"), 1<<20)}
	r := benchtest.StoredRun(3, time.Now())
	f := outputFlags{Output: filepath.Join(nowhere, "run.json")}
	written, put := f.write(&app{}, r), k.put(t.Context(), &r)
	if !isLost(written) || !isLost(put) || !strings.Contains(put.Error(), "the folder for temporary files did not take it either") {
		t.Errorf("%v; %v", written, put)
	}
	if note := k.lostNote(true, written, put); note == nil || !strings.Contains(note.Error(), "lost") {
		t.Error(note)
	}
	if note := k.lostNote(true, nil, put); note != nil {
		t.Errorf("the file has it: %v", note)
	}
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	if written, put = f.write(&app{}, r), k.put(t.Context(), &r); isLost(written) || isLost(put) || !strings.Contains(put.Error(), "rtcbench-") {
		t.Errorf("%v; %v", written, put)
	}
}
