package postgres

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rtcbench/bench"
)

// TestNames: what leads to one database is one store, and nothing secret is in the name.
func TestNames(t *testing.T) {
	const at = "postgres://u:secret@127.0.0.1:5433/runs?sslmode=disable"
	if got := (Options{URL: at}).Name(); got != "postgres:127.0.0.1:5433/runs" {
		t.Error(got)
	}
	if got := (Options{URL: "postgresql:///a%2Fb?host=/run/postgresql"}).Name(); got !=
		"postgres:/run/postgresql:5432/a%2Fb" {
		t.Error(got)
	}
	const noText = "postgres://u:secret@h/d%ff"
	if err := (Options{URL: noText}).Check(); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	for url, want := range map[string]string{
		"postgres://h:01/d%62/":                   "postgres:h:1/db",
		"postgres://[0:0:0:0:0:0:0:1]/db/?a=b/":   "postgres:[::1]:5432/db",
		"postgres://[::ffff:127.0.0.1]:5433/runs": "postgres:127.0.0.1:5433/runs",
	} {
		if got := (Options{URL: url}).Name(); got != want {
			t.Errorf("%s is %s", url, got)
		}
	}
	for other, want := range map[string]bench.Likeness{
		"postgres:localhost:5433/runs": bench.Same, "postgres:[::1]:5433/runs": bench.Same,
		"postgres:127.0.0.1:5432/runs": bench.Another, "postgres:127.0.0.1:5433/other": bench.Another,
		"influxdb:127.0.0.1:5433/runs": bench.Another,
	} {
		if got := (Options{URL: at}).Like(other); got != want {
			t.Errorf("%s: %v", other, got)
		}
	}
	// The folder of a socket: Debian's /var/run is a link to /run.
	run := t.TempDir()
	link := filepath.Join(t.TempDir(), "var")
	if err := os.Symlink(run, link); err != nil {
		t.Skip(err)
	}
	here := Options{URL: "postgres:///runs?host=" + run + "/"}
	for other, want := range map[string]bench.Likeness{
		Kind + link + ":5432/runs": bench.Same, Kind + link + "/:5432/runs": bench.Same,
		Kind + link + ":5433/runs": bench.Another, Kind + link + "x:5432/runs": bench.Another,
	} {
		if got := here.Like(other); got != want {
			t.Errorf("%s and %s: %v", here.Name(), other, got)
		}
	}
}
