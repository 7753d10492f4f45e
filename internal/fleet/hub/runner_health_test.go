package hub_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestARunnersHealth: a runner says how it is, also while the hub is away, and names no secret.
func TestARunnersHealth(t *testing.T) {
	c := start(t, t.TempDir(), "")
	f := c.mustJoin("fra-1")
	r, err := newRunner(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Order(orders(1)); err != nil {
		t.Fatal(err)
	}
	c.works(r)
	srv := httptest.NewServer(r.Handler())
	defer srv.Close()
	get := func(path string) (int, string) {
		t.Helper()
		resp, err := srv.Client().Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	await(t, "all of its metrics", func() bool {
		_, text := get("/metrics")
		for _, line := range []string{"rtcbench_runner_hub_reached 1", "rtcbench_runner_plan_serial ",
			"rtcbench_runner_seats_until_timestamp_seconds ", "rtcbench_runner_failing 0",
			"rtcbench_runner_outbox_runs ", "rtcbench_runner_clock_offset_seconds ",
			"rtcbench_runner_clock_bound_seconds ", `rtcbench_runner_last_run_timestamp_seconds{verdict="`,
			`rtcbench_runner_job_last_run_timestamp_seconds{job="job0",verdict="doubtful"} `,
			`rtcbench_runner_last_run_rtt_seconds{job="job0",quantile="0.5"} 0.0`,
			`rtcbench_runner_last_run_loss_ratio{job="job0"} 0.`} {
			if !strings.Contains(text, "\n"+line) {
				return false
			}
		}
		return true
	})
	c.stop()
	await(t, "the hub away", func() bool {
		status, text := get("/healthz")
		var said struct {
			Status string
			Hub    bool
		}
		if err := json.Unmarshal([]byte(text), &said); err != nil || status != http.StatusOK || said.Status != "ok" {
			t.Fatalf("%d %s: %v", status, text, err)
		}
		_, metrics := get("/metrics")
		if strings.Contains(text+metrics, f.Seed) || strings.Contains(text+metrics, f.JWT) {
			t.Fatal("a secret is shown")
		}
		return !said.Hub && strings.Contains(metrics, "\nrtcbench_runner_hub_reached 0")
	})
}
