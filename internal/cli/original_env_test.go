package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/sandbox/sandboxtest"
)

// originalEnv is a whole .env of the original's, with its comments, its empty values and its dead address of an echo
// service.
const originalEnv = `# Daily Configuration
DAILY_ROOM_URL=
DAILY_API_KEY=

# LiveKit Configuration
LIVEKIT_URL=%s
LIVEKIT_TOKEN=
LIVEKIT_API_KEY=%s
LIVEKIT_API_SECRET="%s"

# Echo Agent
ECHO_AGENT_URL=http://localhost:1

# Benchmark Configuration
ITERATIONS=7
TIMEOUT_MS=4000
COOLDOWN_MS=30
LOCATION_ID=us-west-2

# Amazon Timestream for LiveAnalytics
AWS_REGION=us-east-1
TIMESTREAM_DATABASE=voice-rtc-benchmarks
TIMESTREAM_TABLE=latency-measurements

# Amazon Timestream for InfluxDB
INFLUXDB_URL=%s
INFLUXDB_TOKEN=
INFLUXDB_ORG=default
INFLUXDB_DATABASE=voice-rtc-benchmarks

# API
API_HOST=0.0.0.0
API_PORT=8080

LOG_LEVEL=INFO
`

// TestTheOriginalsEnv: the original's .env works as it is. Its plan, its place and its database are those of the run,
// what is empty counts as not set, and the variables of its other programs are nobody's business. Its dead address of
// an echo service is named as what is wrong, with its line, and does not stand in the way of a room that a flag names,
// nor of the service that LIVEKIT_AGENT_URL names.
func TestTheOriginalsEnv(t *testing.T) {
	benchtest.Beside(t, benchtest.Light)
	server := sandboxtest.Start(t)
	asked := make(chan string, 100)
	influx := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.URL.Path + " org=" + r.URL.Query().Get("org") + " bucket=" +
			r.URL.Query().Get("bucket")
		w.WriteHeader(http.StatusNoContent)
	}))
	defer influx.Close()
	run := func(env string, args ...string) (out string, said string, err error) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(env), 0o600); err != nil {
			t.Fatal(err)
		}
		out = filepath.Join(dir, "out.json")
		cmd := exec.Command("rtcbench", append(args, "-o", out)...)
		cmd.Dir, cmd.Env = dir, append(ownFolders(dir), quickExits, "PATH="+os.Getenv("PATH"))
		text, err := cmd.CombinedOutput()
		if strings.Contains(string(text), server.Secret) {
			t.Error("the secret is in the output")
		}
		return out, string(text), err
	}
	env := fmt.Sprintf(originalEnv, server.URL, server.Key, server.Secret, influx.URL)
	measured := func(env string, args ...string) {
		t.Helper()
		out, said, err := run(env, append(args, "--store", "influxdb")...)
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		f := readFile(t, out)
		m := f.Metadata
		if f.Statistics.TotalMessages != 7 || m.Iterations != 7 || m.TimeoutMS != 4000 || *m.CooldownMS != 30 ||
			*m.LocationID != "us-west-2" ||
			m.RoomURL != server.URL {
			t.Errorf("%+v", m)
		}
		if got := <-asked; got != "POST /api/v2/write org=default bucket=voice-rtc-benchmarks" {
			t.Errorf("InfluxDB was asked %q", got)
		}
	}
	_, said, err := run(env, "livekit", "--connect-timeout", "1s")
	if err == nil || !strings.Contains(said, "rtcbench: ECHO_AGENT_URL (.env line 12)") ||
		strings.Count(said, "rtcbench: ") != 1 {
		t.Errorf("%v\n%s", err, said)
	}
	measured(env, "livekit", "-s", server.URL, "--api-key", server.Key, "--api-secret", server.Secret)
	measured(strings.ReplaceAll(env, "ECHO_AGENT_URL=", "# ECHO_AGENT_URL="), "livekit")
	service := originalOnLiveKit(t, server) // the service of one platform goes before the one for all
	measured(env+"LIVEKIT_AGENT_URL="+service.URL+"\nDAILY_AGENT_URL=http://localhost:1\n", "livekit")
	if got := service.requests(); len(got) != 2 {
		t.Errorf("the service was asked %q, want for a room and for its end", got)
	}
}
