package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"rtcbench/internal/cli"
)

// commandLines finds the command lines of rtcbench in a file, each as its arguments.
type commandLines func(t *testing.T, text string) [][]string

// fields splits a line of a shell, as far as these files need it.
func fields(line string) (args []string) {
	line, _, _ = strings.Cut(line, " #")
	for _, m := range regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`).FindAllString(line, -1) {
		if m == "|" || m == ">" || m == "&&" || m == ">>" || m == "\\" || m == "&" {
			break
		}
		args = append(args, strings.Trim(m, `'"`))
	}
	return args
}

func matches(pattern string, parse func(string) []string) commandLines {
	return func(_ *testing.T, text string) (list [][]string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			list = append(list, parse(m[1]))
		}
		return list
	}
}

func jsonList(text string) (list []string) {
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return []string{err.Error()}
	}
	return list
}

// lineOfProgram is a line of a shell that starts rtcbench: as somebody else, with variables, or in a container.
var lineOfProgram = regexp.MustCompile(`^\s*(?:[A-Z_]+=\S* +)*(?:sudo (?:-u rtcbench )?)?` +
	`(?:(?:docker compose exec [a-z]+ )?rtcbench|docker compose run (?:--[a-z-]+ )*(?:hub|runner)) (.*)$`)

// shown finds the command lines in the code blocks of a page; one with … is no line to run.
func shown(_ *testing.T, text string) (list [][]string) {
	for _, block := range regexp.MustCompile("(?ms)^ *```[a-z]*\n(.*?)^ *```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", " ")) {
			if m := lineOfProgram.FindStringSubmatch(strings.TrimSpace(line)); m != nil &&
				!strings.Contains(m[1], "…") {
				list = append(list, fields(m[1]))
			}
		}
	}
	return list
}

// TestCommandLines parses every command line of rtcbench in deploy/ and in the docs with the real command line.
func TestCommandLines(t *testing.T) {
	finders := map[string]commandLines{
		"Dockerfile": matches(`CMD \["rtcbench", (.*?)\]`, func(s string) []string {
			return jsonList("[" + s + "]")
		}),
		"deploy/compose.yaml":                     compose,
		"deploy/systemd/rtcbench.service":         matches(`ExecStart=/usr/local/bin/rtcbench (.*)`, fields),
		"deploy/systemd/rtcbench-echo.service":    matches(`ExecStart=/usr/local/bin/rtcbench (.*)`, fields),
		"deploy/fleet/compose.yaml":               compose,
		"deploy/grafana/compose.yaml":             compose,
		"deploy/systemd/rtcbench-hub.service":     matches(`ExecStart=/usr/local/bin/rtcbench (.*)`, fields),
		"deploy/systemd/rtcbench-runner.service":  matches(`ExecStart=/usr/local/bin/rtcbench (.*)`, fields),
		"deploy/kubernetes/hub/statefulset.yaml":  matches(`args: (\[.*\])`, jsonList),
		"deploy/kubernetes/runner/daemonset.yaml": matches(`args: (\[.*\])`, jsonList),
		"deploy/cron/rtcbench":                    matches(`(?m)^[*0-9].* rtcbench (.*)$`, fields),
		"deploy/kubernetes/base/cronjob.yaml":     matches(`args: (\[.*\])`, jsonList),
		"deploy/kubernetes/echo/deployment.yaml":  matches(`args: (\[.*\])`, jsonList),
		"deploy/fly/fly.toml":                     matches(`runner = "(.*)"`, fields),
		"deploy/fly/fleet.sh":                     matches(`"\$image" (runner .*?) --app`, fields),
		"deploy/lambda/template.yaml":             event,
		"README.md":                               shown,
		"docs/deploy.md":                          shown,
		"docs/run.md":                             shown,
		"docs/echo-service.md":                    shown,
		"docs/fleet.md":                           shown,
	}
	for path, find := range finders {
		t.Run(path, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			list := find(t, string(data))
			if len(list) == 0 {
				t.Fatal("there is no command line in it")
			}
			for _, args := range list {
				if err := cli.Parse(args); err != nil {
					t.Errorf("rtcbench %s: %v", strings.Join(args, " "), err)
				}
			}
		})
	}
	// And nothing in deploy/ is left out of this test.
	filepath.WalkDir("deploy", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if _, known := finders[path]; err == nil && !known && !strings.HasPrefix(path, "deploy/grafana/dashboards/") &&
			regexp.MustCompile(`rtcbench (livekit|daily|both|run|echo|store|health|hub|runner)\b|`+
				`args: \[|command: \[|ExecStart=`).Match(data) && !strings.HasPrefix(string(data), "# For rtcbench ") {
			t.Errorf("%s has a command line, and is not looked at here", path)
		}
		return err
	})
}

// TestWhatLinesOfAShellAreFound: also those that start rtcbench as somebody else, or in a container.
func TestWhatLinesOfAShellAreFound(t *testing.T) {
	const page = "```\nrtcbench livekit -n 1\nsudo rtcbench fleet token\nsudo -u rtcbench rtcbench history\n" +
		"A=b rtcbench echo\ndocker compose exec hub rtcbench fleet ls  # who\nsudo install rtcbench /usr/local/bin/\n" +
		"docker compose run --rm --no-deps hub hub --nats-config > nats.conf\n```\n"
	want := "[[livekit -n 1] [fleet token] [history] [echo] [fleet ls] [hub --nats-config]]"
	if got := fmt.Sprint(shown(t, page)); got != want {
		t.Errorf("found %s, want %s", got, want)
	}
}

// TestVariablesThatAreShown: each variable of rtcbench's own in deploy/ and in the docs is one that the program reads.
func TestVariablesThatAreShown(t *testing.T) {
	name := regexp.MustCompile(`\bRTCBENCH_[A-Z0-9_]*[A-Z0-9]\b`)
	read := map[string]bool{}
	goFiles(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, m := range name.FindAllString(text, -1) {
			read[m] = true
		}
	})
	n := 0
	ownFiles(t, []string{".md", ".yaml", ".yml", ".toml", ".sh", ".service", ".example", ""}, func(path, text string) {
		if !hasPrefix(path, "deploy/", "docs/", "README.md", "Dockerfile") {
			return
		}
		for _, m := range name.FindAllString(text, -1) {
			if n++; !read[m] {
				t.Errorf("%s has %s, which nothing reads", path, m)
			}
		}
	})
	if n < 30 {
		t.Errorf("%d variables found", n)
	}
}

// compose are the commands of the services that are rtcbench.
func compose(t *testing.T, text string) (list [][]string) {
	var file struct {
		Services map[string]struct {
			Image   string
			Command []string
		}
	}
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	for _, s := range file.Services {
		if strings.HasPrefix(s.Image, "rtcbench") {
			list = append(list, s.Command)
		}
	}
	return list
}

// event is the job of the template's schedule, as the command line that it stands for.
func event(t *testing.T, text string) [][]string {
	m := regexp.MustCompile(`Default: '(\{.*\})'`).FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	var keys map[string]any
	if err := json.Unmarshal([]byte(m[1]), &keys); err != nil {
		t.Fatal(err)
	}
	args := []string{keys["platform"].(string)}
	delete(keys, "platform")
	for k, v := range keys {
		args = append(args, fmt.Sprintf("--%s=%v", k, v))
	}
	return [][]string{args}
}

// TestExampleConfigurations checks the files of jobs that are shipped and shown.
func TestExampleConfigurations(t *testing.T) {
	page, err := os.ReadFile("docs/run.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(page)
	if m == nil {
		t.Fatal("docs/run.md shows no configuration")
	}
	shown := filepath.Join(t.TempDir(), "rtcbench.yaml")
	if err := os.WriteFile(shown, m[1], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LIVEKIT_EU_KEY", "LIVEKIT_EU_SECRET", "ECHO_TOKEN", "DAILY_KEY", "FLY_REGION",
		"LIVEKIT_API_SECRET", "LIVEKIT_API_KEY"} {
		t.Setenv(name, "example")
	}
	t.Setenv("INFLUXDB_URL", "http://127.0.0.1:8086")
	t.Setenv("INFLUXDB_DATABASE", "rtcbench")
	for _, path := range []string{shown, "deploy/rtcbench.yaml", "deploy/fly/rtcbench.yaml",
		"deploy/grafana/rtcbench.yaml"} {
		var out, said strings.Builder
		if code := cli.Main([]string{"run", "--check", "--config", path}, &out, &said); code != 0 {
			t.Errorf("%s: exit code %d: %s", path, code, said.String())
		}
	}
	t.Setenv("LIVEKIT_URL", "wss://example.com")
	t.Setenv("RTCBENCH_DATA_DIR", t.TempDir())
	var out, said strings.Builder
	if code := cli.Main([]string{"fleet", "plan", "check", "deploy/fleet/fleet.yaml"}, &out, &said); code != 0 {
		t.Errorf("deploy/fleet/fleet.yaml: exit code %d: %s", code, said.String())
	}
}
