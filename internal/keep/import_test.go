package keep

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// TestAnImportEndsByItsOwnRuns: a run that a server fails at once and takes with the next file is kept, and an older
// one that still waits is a line of its own.
func TestAnImportEndsByItsOwnRuns(t *testing.T) {
	failed := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		text, _ := io.ReadAll(z)
		once := strings.Contains(string(text), "ONCE") && !failed
		failed = failed || once
		if once || strings.Contains(string(text), "POISON") {
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, `{"code":"internal error","message":"partial write"}`)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	k := influxStores(t.TempDir(), server.URL, "", "x")
	files := func(locations ...string) (own, older []error) {
		im := k.Importer()
		defer im.Close()
		for _, at := range locations {
			r := benchtest.StoredRun(3, time.Now())
			r.Location = at
			var file bytes.Buffer
			if err := result.Write(&file, bench.NewRecord(r)); err != nil {
				t.Fatal(err)
			}
			im.File(t.Context(), at, &file)
		}
		return append(im.Bad, im.Failures()...), im.Older()
	}
	if own, older := files("POISON", "fra"); !strings.Contains(texts(own), "1 run waits") || len(own) != 1 ||
		len(older) > 0 {
		t.Errorf("%v; older: %v", own, older)
	}
	if own, older := files("ONCE", "ams", "par"); len(own) > 0 || len(older) != 1 ||
		!strings.Contains(texts(older), "1 older run still waits for influxdb:") {
		t.Errorf("%v; older: %v", own, older)
	}
	if n, err := k.Box.Count(); n != 1 || err != nil || !failed {
		t.Errorf("%d wait, %v; once: %t", n, err, failed)
	}
}

// TestAnImportThatIsStopped says of a file that the rest is left out only where there is one: what waits in the outbox
// was imported.
func TestAnImportThatIsStopped(t *testing.T) {
	var file bytes.Buffer
	if err := result.Write(&file, bench.NewRecord(benchtest.StoredRun(3, time.Now()))); err != nil {
		t.Fatal(err)
	}
	for _, before := range []bool{false, true} {
		ctx, stop := context.WithCancel(t.Context())
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stop() }))
		if before {
			stop()
		}
		k := influxStores(t.TempDir(), server.URL, "", "x")
		im := k.Importer()
		im.File(ctx, "one.json", bytes.NewReader(file.Bytes()))
		if told := strings.Contains(texts(im.Bad), "the rest of it is not imported"); told != before {
			t.Errorf("stopped before: %t: %v", before, im.Bad)
		}
		if n, err := k.Box.Count(); n != map[bool]int{false: 1, true: 0}[before] || err != nil {
			t.Errorf("%d wait, %v", n, err)
		}
		im.Close()
		server.Close()
		stop()
	}
}
