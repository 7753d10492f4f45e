package campaign

import (
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
)

// parrot is a server that refuses every request, and repeats all that it was told: in its headers, its status line and
// its body.
func parrot(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var told strings.Builder
		fmt.Fprintf(&told, "%s %s %v", r.Method, r.URL, r.Header)
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1000))
		told.Write(body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Told", strings.ReplaceAll(told.String(), "\n", " "))
		status := []int{400, 401, 403, 404, 422, 500}[len(r.URL.Path)%6]
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":%q,"message":%q,"__type":%q}`, told.String(), told.String(), told.String())
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// credentials are all that there are, by the variables that hold them.
func credentials() map[string]string {
	list := map[string]string{}
	for i, name := range []string{"LIVEKIT_TOKEN", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "DAILY_API_KEY",
		"RTCBENCH_DAILY_TOKEN", "INFLUXDB_TOKEN", "RTCBENCH_AGENT_TOKEN", "RTCBENCH_DAILY_AGENT_TOKEN",
		"RTCBENCH_LIVEKIT_AGENT_TOKEN", "RTCBENCH_TURN_START_TOKEN", "ECHO_AUTH_TOKEN", "RTCBENCH_ADMIN_TOKEN",
		"RTCBENCH_JOIN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		list[name] = fmt.Sprintf("s3cr3t%02dQxV7kP2mZ9LwB4tR8yN1dF6hJ", i)
	}
	list["LIVEKIT_TOKEN"] = "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(
		`{"iss":"k","sub":"me","exp":4102444800,"video":{"room":"r","roomJoin":true}}`)) + ".c2lnbmF0dXJlMDE5OQ"
	return list
}

// passwords stand in addresses.
const password, user = "pa55w0rdGeheim77", "uS3rgeheim"

// Every credential in every place where people put one, before servers that repeat all they are told: none comes out
// again, in no output and in no file that is written.
func TestSecretsStayInside(t *testing.T) {
	benchtest.Heavy(t)
	all, address := credentials(), parrot(t)
	secrets := []string{password, user}
	for name, secret := range all {
		if name != "LIVEKIT_API_KEY" && name != "AWS_ACCESS_KEY_ID" { // names of keys, and no secrets
			secrets = append(secrets, secret)
		}
	}
	lines, _ := results(t, 1, time.Now())
	tried, shown := 0, 0
	for _, where := range []string{"environment without a token", "environment", "addresses", ".env"}[:times(1, 4)] {
		who := ""
		if where == "addresses" {
			who = user + ":" + password + "@"
		}
		at := func(scheme string) string { return scheme + "://" + who + address }
		env, dotenv := secretsIn(where, all, at)
		p := newPlace(t, env...)
		given := map[string]bool{p.write(".env", []byte(dotenv)): true}
		p.write("runs.jsonl", lines)
		given[p.write("rtcbench.yaml", fmt.Appendf(nil, "every: 1h\njobs: [{platform: livekit, iterations: 2, "+
			"server-url: '%s', api-secret: '%s', store: [influxdb, timestream]}]\n", at("ws"),
			all["LIVEKIT_API_SECRET"]))] = true
		commands := askingCommands(at, all)
		var work sync.WaitGroup
		turn := make(chan bool, 4) // most of them wait for somebody
		ends := make([]ended, len(commands))
		for i, args := range commands {
			turn <- true
			work.Go(func() {
				ends[i] = p.run(args...)
				<-turn
			})
		}
		work.Wait()
		for i, args := range commands {
			e := ends[i]
			tried++
			t.Logf("%s: %s %d in %v: %s", where, args[0], e.code, e.took.Round(time.Millisecond),
				strings.TrimSpace(e.stderr))
			shown += p.shows(fmt.Sprint(args[0], " with secrets in the ", where), e.stdout+e.stderr, secrets)
			if e.code == 0 && args[0] == "livekit" {
				t.Errorf("%v: the parrot let it in", args)
			}
		}
		filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && !given[path] {
				data, _ := os.ReadFile(path)
				shown += p.shows("file "+strings.TrimPrefix(path, p.dir), string(data), secrets)
			}
			return nil
		})
	}
	t.Logf("%d commands with %d secrets, %d shown", tried, len(secrets), shown)
}

// askingCommands are those that ask somebody else.
func askingCommands(at func(scheme string) string, all map[string]string) [][]string {
	return [][]string{
		{"livekit", "-n", "2", "-s", at("ws")}, {"livekit", "-n", "2", "-s", at("http"), "--agent-name", "x"},
		{"livekit", "-n", "2", "--agent-url", at("http")}, {"daily", "-n", "2", "-r", at("https") + "/room"},
		{"daily", "-n", "2", "--agent-url", at("http")}, {"both", "-n", "2", "--livekit-url", at("ws")},
		{"turn", "livekit", "-s", at("ws"), "--agent", "x"}, {"echo", "-s", at("ws"), "--room", "r"},
		{"echo", "--platform", "livekit", "--listen", "256.0.0.1:1", "-s", at("ws")}, {"run", "--once"},
		{"echo", "-s", at("ws")}, {"run", "--check"},
		{"history", "--store", "influxdb"}, {"history", "--store", "timestream"},
		{"history", "--store", "postgres://" + user + ":" + password + "@127.0.0.1:1/x"},
		{"export", "--store", "influxdb"}, {"import", "runs.jsonl", "--store", "influxdb,timestream,sqlite"},
		{"import", "runs.jsonl", "--store", "postgres://" + user + ":" + password + "@127.0.0.1:1/x"},
		{"store", "status"}, {"store", "flush"}, {"store", "init", "--store", "influxdb,timestream"},
		{"store", "check"},
		{"compare", "platform=livekit", "platform=daily", "--store", "influxdb"}, {"health", at("http")},
		{"fleet", "token", "--hub", at("http")}, {"fleet", "ls", "--hub", at("http")},
		{"fleet", "show", "fra", "--hub", at("http")}, {"fleet", "revoke", "fra", "--hub", at("http")},
		{"fleet", "pause", all["ECHO_AUTH_TOKEN"], "--hub", at("http")},
		{"fleet", "run", "x", "--hub", at("http")}, {"fleet", "plan", "check", "rtcbench.yaml"},
		{"fleet", "plan", "apply", "rtcbench.yaml", "--hub", at("http")},
		{"runner", "--hub", at("http"), "--name", "fra"}, {"runner", "--hub", at("http"), "--join",
			"tok/" + all["RTCBENCH_JOIN"], "--location", "fra"},
		{"runner", at("http"), all["ECHO_AUTH_TOKEN"]}, {"runner", "--hub", at("https") + "#" + all["RTCBENCH_JOIN"]},
		{"hub", "--config", "rtcbench.yaml", "--listen", "256.0.0.1:1"},
		{"hub", "--nats", at("nats"), "--listen", "127.0.0.1:0", "--store", "sqlite"},
		{"hub", "--store", "postgres://" + user + ":" + password + "@127.0.0.1:1/x", "--listen", "256.0.0.1:1"},
		{"hub", "--public-url", at("ftp"), "--listen", "127.0.0.1:0"},
		{"turn", "daily", "--start-url", at("http")}, {"turn", "daily", "-r", at("https") + "/room"},
		{"turn", "livekit", "--say", all["ECHO_AUTH_TOKEN"]},
		{"report", "abcd1234", "--store", "influxdb"}, {"report", all["ECHO_AUTH_TOKEN"]},
		{"ui", "--listen", "256.0.0.1:1"}, {"ui", "--listen", all["ECHO_AUTH_TOKEN"]},
		{"lab", "run", "floor", "--", "livekit", "-n", "2", "-s", at("ws")},
	}
}

// secretsIn are the variables with all secrets and what goes with them: of the environment, and lines of .env.
func secretsIn(where string, all map[string]string, at func(scheme string) string) (env []string, dotenv string) {
	for _, m := range []map[string]string{all, {"INFLUXDB_URL": at("http"), "INFLUXDB_DATABASE": "x",
		"TIMESTREAM_DATABASE": "runs", "TIMESTREAM_TABLE": "runs", "AWS_ENDPOINT_URL": at("http"),
		"HTTPS_PROXY": at("http"), "RTCBENCH_CHROME_RESOLVER_RULES": "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"AWS_REGION": "us-east-1", "RTCBENCH_CONNECT_TIMEOUT": "5s", "AWS_MAX_ATTEMPTS": "1"}} {
		for name, value := range m {
			switch {
			case name == "LIVEKIT_TOKEN" && where == "environment without a token":
			case where == ".env" && !strings.HasPrefix(name, "AWS_") && name != "HTTPS_PROXY" &&
				name != "RTCBENCH_CHROME_RESOLVER_RULES":
				dotenv += name + "=" + value + "\n"
			default:
				env = append(env, name+"="+value)
			}
		}
	}
	return env, dotenv
}

// shows counts the secrets in a text, in the forms that servers and libraries give them.
func (p place) shows(where, text string, secrets []string) (n int) {
	p.Helper()
	for _, secret := range secrets {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)),
			base64.StdEncoding.EncodeToString([]byte(user + ":" + password))} {
			if strings.Contains(text, form) {
				n++
				at := strings.Index(text, form)
				p.Errorf("%s shows %.8s… after %q", where, secret, text[max(0, at-100):at])
				break
			}
		}
	}
	return n
}
