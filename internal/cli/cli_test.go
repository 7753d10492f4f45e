package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/cli"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/postgrestest"
	"rtcbench/internal/sandbox/sandboxtest"
)

// programs are what the tests run, by name.
var programs = map[string]func(){
	"rtcbench": func() {
		code := cli.Main(os.Args[1:], os.Stdout, os.Stderr)
		if path := os.Getenv(summariesEnv); path != "" {
			os.WriteFile(path, []byte(strconv.FormatInt(bench.Summaries(), 10)), 0o600)
		}
		os.Exit(code)
	},
}

// summariesEnv names the file to which rtcbench, as the tests run it, writes how often it has summed up a run.
const summariesEnv = "RTCBENCH_TEST_SUMMARIES"

// quickExits is for processes whose environment a test writes by hand.
var quickExits = benchtest.QuickExits()

// patience is for what has to happen, on a machine that does much else at the same time. Who waits so long has failed.
const patience = 3 * time.Minute

func TestMain(m *testing.M) {
	testscript.Main(benchtest.ByWeight{M: m}, programs)
}

// TestScripts runs whole commands. The scripts know a server: $SFU_URL, $SFU_KEY, $SFU_SECRET,
// and tokens for one room of it: $RUNNER_TOKEN, $ECHO_TOKEN, and $WRONG_TOKEN; $DEAF_TOKEN is an echo's in the room
// "deaf". All of them allow messages alone.
func TestScripts(t *testing.T) {
	t.Parallel()
	server := sandboxtest.Start(t)
	in := func(room, secret, identity string) string {
		text, err := livekit.Key{Key: server.Key, Secret: secret}.Mint(room, identity, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	token := func(secret, identity string) string { return in("script", secret, identity) }
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			free, err := benchtest.Room(t.Context(), benchtest.Light)
			if err != nil {
				return err
			}
			e.Defer(free)
			e.Setenv("SFU_URL", server.URL)
			e.Setenv("SFU_HOST", strings.TrimPrefix(server.URL, "ws://"))
			e.Setenv("SFU_KEY", server.Key)
			e.Setenv("SFU_SECRET", server.Secret)
			e.Setenv("RUNNER_TOKEN", token(server.Secret, "runner"))
			e.Setenv("ECHO_TOKEN", token(server.Secret, "echo"))
			e.Setenv("WRONG_TOKEN", token("another secret, of the same length as the one", "runner"))
			e.Setenv("DEAF_TOKEN", in("deaf", server.Secret, "echo"))
			e.Setenv("FREE_PORT", freePort())
			e.Setenv(summariesEnv, filepath.Join(e.WorkDir, "summaries"))
			for _, v := range ownFolders(e.WorkDir) {
				name, value, _ := strings.Cut(v, "=")
				e.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "json": checkJSON, "wait-for": waitFor, "lines": lines, "make-big": makeBig,
			"summaries": summaries, "postgres": postgres(t), "plain": plain(),
		},
	})
}

func freePort() string { return strconv.Itoa(benchtest.FreePort()) }

// ownFolders keeps a program that a test runs out of the user's.
func ownFolders(dir string) []string {
	return []string{quickExits, "HOME=" + dir, "XDG_DATA_HOME=" + dir + "/data", "XDG_CACHE_HOME=" + dir + "/cache",
		"XDG_CONFIG_HOME=" + dir + "/config"}
}

// postgres starts a server of PostgreSQL, which ends with the script: $PG_URL is an empty database of it, and $PG_OTHER
// one that is not there.
func postgres(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, _ []string) {
		server, err := postgrestest.New("fsync=off")
		ts.Check(err)
		ts.Defer(server.Close)
		ts.Setenv("PG_URL", server.Database(t))
		ts.Setenv("PG_OTHER", server.URL("other"))
	}
}

// plain makes rtcbench, for the rest of the script, one without the race detector: what a command says and what it
// leaves in files is the same with and without, and a start takes a sixth of the CPU time. "! plain" begins a part that
// measures something else than whether its words are right.
func plain() func(*testscript.TestScript, bool, []string) {
	build := sync.OnceValues(benchtest.Plain)
	return func(ts *testscript.TestScript, neg bool, _ []string) {
		dir, err := build()
		ts.Check(err)
		path, _ := strings.CutPrefix(ts.Getenv("PATH"), dir+string(filepath.ListSeparator))
		if dir != "" && !neg {
			path = dir + string(filepath.ListSeparator) + path
		}
		ts.Setenv("PATH", path)
	}
}

// make-big FILE makes a file of a megabyte, with its folders.
func makeBig(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	ts.Check(os.WriteFile(path, make([]byte, 1<<20), 0o600))
}

// summaries N: the last rtcbench has summed up so many runs. Each run of a command is summed up once, whoever wants to
// know.
func summaries(ts *testscript.TestScript, _ bool, args []string) {
	if got := ts.ReadFile(ts.MkAbs("summaries")); got != args[0] {
		ts.Fatalf("%s runs were summed up, want %s", got, args[0])
	}
}

// code N PROGRAM … runs a program that has to end with exit code N.
func code(ts *testscript.TestScript, _ bool, args []string) {
	want, _ := strconv.Atoi(args[0])
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// json FILE PATH WANT compares the value at a dotted path, as JSON.
func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	for _, key := range strings.Split(args[1], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, _ := strconv.Atoi(key)
			v = x[i]
		default:
			ts.Fatalf("%s: nothing at %s", args[0], key)
		}
	}
	got, _ := json.Marshal(v)
	if (string(got) == args[2]) == neg {
		ts.Fatalf("%s of %s is %s", args[1], args[0], got)
	}
}

// wait-for FILE TEXT waits until TEXT is in FILE.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if data, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && strings.Contains(string(data), args[1]) {
			return
		}
	}
	ts.Fatalf("%q does not appear in %s", args[1], args[0])
}

// lines STREAM N wants that many lines on stdout or stderr.
func lines(ts *testscript.TestScript, _ bool, args []string) {
	got := fmt.Sprint(strings.Count(ts.ReadFile(args[0]), "\n"))
	if got != args[1] {
		ts.Fatalf("%s lines on %s, want %s", got, args[0], args[1])
	}
}
