//go:build !windows

package cli_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/sandbox/sandboxtest"
)

func writeConfig(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "rtcbench.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A schedule is told to read its file again while it runs: a wrong one changes nothing, a right one at once.
func TestScheduleReadsItsFileAgain(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	server := sandboxtest.Start(t)
	dir := t.TempDir()
	config := func(more string) {
		writeConfig(t, dir, "every: 1h\ndefaults: {iterations: 5, cooldown: 10, store: none}\njobs:\n  - {name: "+
			"first, platform: livekit"+more+"}\n")
	}
	config("")
	env := []string{"LIVEKIT_URL=" + server.URL, "LIVEKIT_API_KEY=" + server.Key, "LIVEKIT_API_SECRET=" + server.Secret,
		"RTCBENCH_CONFIG=" + filepath.Join(dir, "rtcbench.yaml")}
	p := startIn(t, env, "run", "--listen", "127.0.0.1:0")
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(p.waitForLine(t, "msg=listening", 30*time.Second))
	get := func(path string) (int, string) {
		t.Helper()
		answer, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}
	p.waitForLine(t, "msg=measured job=first", 30*time.Second)
	p.waitForLine(t, "msg=waiting", 10*time.Second)
	config(", itertions: 5")
	p.cmd.Process.Signal(syscall.SIGHUP)
	if line := p.waitForLine(t, "the old one stays", 10*time.Second); !strings.Contains(line, "line 4") ||
		!strings.Contains(line, "itertions") {
		t.Error(line)
	}
	if code, text := get("/healthz"); code != 200 || !strings.Contains(text, `"status":"ok"`) ||
		!strings.Contains(text, `"jobs":1`) {
		t.Error(code, text)
	}
	config("}\n  - {name: second, platform: livekit")
	data, _ := os.ReadFile(filepath.Join(dir, "rtcbench.yaml"))
	writeConfig(t, dir, strings.Replace(string(data), "every: 1h", "every: 2s", 1))
	p.cmd.Process.Signal(syscall.SIGHUP)
	p.waitForLine(t, "configuration read again", 10*time.Second)
	p.waitForLine(t, "msg=measured job=second", 30*time.Second)
	_, text := get("/metrics")
	for _, want := range []string{`rtcbench_runs_total{job="second",outcome="ok"}`,
		`rtcbench_config_reloads_total{outcome="failed"} 1`, `rtcbench_verdicts_total{engine="native"`,
		`percentile="50"`, `percentile="95"`, `percentile="99"`,
		`rtcbench_rtt_seconds_count{engine="native",location="unknown",path="udp",platform="livekit"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.exit(t, 20*time.Second); code != 143 {
		t.Errorf("exit code %d:\n%s", code, p.stderr())
	}
	if strings.Contains(p.stderr(), server.Secret) {
		t.Error("the secret is in the log")
	}
}

// A schedule is killed outright: the runs that were measured are delivered after the next start, each once.
func TestAScheduleThatIsKilled(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	server := sandboxtest.Start(t)
	dir := t.TempDir()
	// InfluxDB is away while it runs.
	away := "http://127.0.0.1:" + freePort()
	writeConfig(t, dir, "every: 1s\ndefaults: {iterations: 5, cooldown: 10, store: [sqlite, influxdb], influxdb-url: '"+
		away+"', influxdb-database: x}\njobs:\n  - {platform: livekit}\n")
	env := []string{"LIVEKIT_URL=" + server.URL, "LIVEKIT_API_KEY=" + server.Key, "LIVEKIT_API_SECRET=" + server.Secret,
		"RTCBENCH_CONFIG=" + filepath.Join(dir, "rtcbench.yaml"), "RTCBENCH_DATA_DIR=" + filepath.Join(dir, "data")}
	measured := map[string]bool{}
	for range 2 {
		p := startIn(t, env, "run")
		for range 2 {
			line := p.waitForLine(t, "msg=measured", 30*time.Second)
			measured[regexp.MustCompile(`run=(\S+)`).FindStringSubmatch(line)[1]] = true
		}
		p.cmd.Process.Kill()
		<-p.done
	}
	cmd := exec.Command("rtcbench", "store", "status", "--store", "sqlite", "--data-dir", filepath.Join(dir, "data"))
	cmd.Env = append(ownFolders(dir), "PATH="+os.Getenv("PATH"))
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for id := range measured {
		if strings.Count(string(text), id+"  ended") != 1 {
			t.Errorf("%s does not wait once for InfluxDB:\n%s", id, text)
		}
	}
	export := exec.Command("rtcbench", "export", "--store", "sqlite", "--data-dir", filepath.Join(dir, "data"))
	export.Env = cmd.Env
	kept, err := export.Output()
	if err != nil {
		t.Fatal(err)
	}
	for id := range measured {
		if strings.Count(string(kept), `"run_id":"`+id) != 1 {
			t.Errorf("%s is not in SQLite once", id)
		}
	}
}
