//go:build !windows

package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/sandbox/sandboxtest"
)

// scraped is what one process tells Prometheus.
type scraped struct{ job, address, token string }

// TestTheDashboardOfGrafana: a real Prometheus reads rtcbench run, a hub, a runner and an echo service. promtool has
// nothing to say against what they tell, and every query of the dashboard gives data, where Prometheus keeps native
// histograms and where it does not.
func TestTheDashboardOfGrafana(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	list := tellers(t)
	for _, s := range list {
		lint := exec.Command("promtool", "check", "metrics")
		lint.Stdin = strings.NewReader(s.metrics(t))
		if said, err := lint.CombinedOutput(); err != nil || len(said) > 0 {
			t.Errorf("promtool says of %s: %v\n%s", s.job, err, said)
		}
	}
	panels, variables := benchtest.Dashboard(t, "../../deploy/grafana/dashboards/prometheus.json")
	filled := strings.NewReplacer("$window", "1m", "$location", ".*", "$platform", ".*")
	labels := regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`)
	for _, more := range [][]string{nil, {"--enable-feature=native-histograms"}} {
		server := startPrometheus(t, list, more...)
		for _, q := range panels {
			expr := filled.Replace(q.Text)
			server.gives(t, q.Panel, "/api/v1/query?"+url.Values{"query": {expr}}.Encode())
		}
		for _, v := range variables {
			m := labels.FindStringSubmatch(v.Text)
			if m == nil {
				t.Fatalf("the variable %s asks for %s", v.Panel, v.Text)
			}
			server.gives(t, v.Panel, "/api/v1/label/"+m[2]+"/values?"+url.Values{"match[]": {m[1]}}.Encode())
		}
	}
}

// tellers starts one of each that has metrics.
func tellers(t *testing.T) []scraped {
	t.Helper()
	server := sandboxtest.Start(t)
	dir := t.TempDir()
	writeConfig(t, dir, "every: 2s\ndefaults: {iterations: 20, cooldown: 10, location: here}\n"+
		"jobs:\n  - {name: first, platform: livekit}\n")
	run := startIn(t, []string{"LIVEKIT_URL=" + server.URL, "LIVEKIT_API_KEY=" + server.Key,
		"LIVEKIT_API_SECRET=" + server.Secret, "RTCBENCH_CONFIG=" + filepath.Join(dir, "rtcbench.yaml")},
		"run", "--listen", "127.0.0.1:0")
	told := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(run.waitForLine(t, "msg=listening", patience))

	hub := "127.0.0.1:" + freePort()
	const secret = "a-token-of-the-administrator"
	data := filepath.Join(dir, "hub")
	centre := startIn(t, nil, "hub", "--demo", "--listen", hub, "--data-dir", data, "--admin-token", secret)
	waitUntil(t, "the hub", func() bool {
		_, err := os.Stat(filepath.Join(data, "hub", "public"))
		return err == nil && answers(hub)
	}, centre)
	token := exec.Command("rtcbench", "fleet", "token", "--data-dir", data, "--admin-token", secret)
	token.Env = append(ownFolders(dir), "PATH="+os.Getenv("PATH"))
	ticket, err := token.Output()
	if err != nil {
		t.Fatal(err)
	}
	place := "127.0.0.1:" + freePort()
	runner := startIn(t, []string{"RTCBENCH_JOIN=" + strings.TrimSpace(string(ticket))}, "runner", "--hub",
		"http://"+hub, "--name", "away", "--location", "away", "--listen", place)
	waitUntil(t, "the runner", func() bool { return answers(place) }, runner)
	_, echo := livekitService(t)
	return []scraped{{"run", told, ""}, {"hub", hub, secret}, {"runner", place, ""},
		{"echo", strings.TrimPrefix(echo, "http://"), ""}}
}

func answers(address string) bool {
	answer, err := http.Get("http://" + address + "/")
	if err == nil {
		answer.Body.Close()
	}
	return err == nil
}

// waitUntil waits for what a process does.
func waitUntil(t *testing.T, what string, is func() bool, p *process) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is not there after %v:\n%s", what, patience, p.stderr())
		}
	}
}

func (s scraped) metrics(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", s.job, answer.Status, err)
	}
	return string(text)
}

type prometheus string // its address

// startPrometheus starts a real one, which reads the list each second.
func startPrometheus(t *testing.T, list []scraped, more ...string) prometheus {
	t.Helper()
	dir := t.TempDir()
	config := "global: {scrape_interval: 1s}\nscrape_configs:\n"
	for _, s := range list {
		config += fmt.Sprintf("  - job_name: %s\n    static_configs: [{targets: [%q]}]\n", s.job, s.address)
		if s.token != "" {
			config += fmt.Sprintf("    authorization: {credentials: %q}\n", s.token)
		}
	}
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := "127.0.0.1:" + freePort()
	cmd := exec.Command("prometheus", append([]string{"--config.file=" + file, "--storage.tsdb.path=" + dir + "/data",
		"--web.listen-address=" + address, "--log.level=error"}, more...)...)
	cmd.Stderr, cmd.Dir = os.Stderr, dir
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (make tools installs it)", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return prometheus("http://" + address)
}

// gives waits until the answer to path has data: something that is not NaN. An error of the query fails at once.
func (p prometheus) gives(t *testing.T, panel, path string) {
	t.Helper()
	last := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		answer, err := http.Get(string(p) + path)
		if err != nil { // it is not up yet
			last = err.Error()
			continue
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		last = string(text)
		if answer.StatusCode == http.StatusServiceUnavailable || err != nil {
			continue
		}
		var said struct {
			Status string
			Data   json.RawMessage
		}
		if err := json.Unmarshal(text, &said); err != nil || said.Status != "success" {
			t.Fatalf("%q: %s: %s", panel, path, text)
		}
		var vector struct{ Result []struct{ Value [2]any } }
		var names []string
		if json.Unmarshal(said.Data, &names) == nil && len(names) > 0 {
			return
		}
		json.Unmarshal(said.Data, &vector)
		for _, s := range vector.Result {
			if s.Value[1] != "NaN" {
				return
			}
		}
	}
	t.Errorf("%q has no data after %v: %s: %s", panel, patience, path, last)
}
