package campaign

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

var quickExits = benchtest.QuickExits()

// patience is for what has to happen on a machine that does much else. Who waits so long has failed.
const patience = 3 * time.Minute

// times is how often something is done: in a campaign more often than in every test.
func times(always, campaign int) int {
	if os.Getenv("RTCBENCH_LONG") != "" {
		return campaign
	}
	return always
}

// random gives other numbers each time, and says which.
func random(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 6))
}

// place is a folder in which commands run, with an environment of its own.
type place struct {
	*testing.T
	dir string
	env []string
}

// program is built once. In a campaign it has the race detector.
var program = sync.OnceValues(benchtest.Whole)

func newPlace(t *testing.T, env ...string) place {
	dir := t.TempDir()
	if _, err := program(); err != nil {
		t.Fatal(err)
	}
	return place{t, dir, append([]string{quickExits, "PATH=" + os.Getenv("PATH"), "HOME=" + dir,
		"XDG_DATA_HOME=" + filepath.Join(dir, "data"), "XDG_CACHE_HOME=" + filepath.Join(dir, "cache"),
		"XDG_CONFIG_HOME=" + filepath.Join(dir, "config"), "TMPDIR=" + dir}, env...)}
}

func (p place) path(name string) string { return filepath.Join(p.dir, name) }

// ended is what became of a command.
type ended struct {
	code           int // -1 = it was killed
	stdout, stderr string
	took           time.Duration
}

// command is one that runs here.
func (p place) command(ctx context.Context, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	name, _ := program() // newPlace has made it
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second
	return cmd, &stdout, &stderr
}

// run runs a command to its end. It panics in no case, and finds no race.
func (p place) run(args ...string) ended {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), patience)
	defer cancel()
	return p.runUntil(ctx, args...)
}

// runUntil runs a command, and kills it at ctx's end.
func (p place) runUntil(ctx context.Context, args ...string) ended {
	p.Helper()
	cmd, stdout, stderr := p.command(ctx, args...)
	begin := time.Now()
	err := cmd.Run()
	e := ended{0, stdout.String(), stderr.String(), time.Since(begin)}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		e.code = exit.ExitCode()
	} else if err != nil && ctx.Err() == nil {
		p.Fatalf("%v: %v", args, err)
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && e.took >= patience {
		p.Errorf("%v hangs:\n%s", args, e.stderr)
	}
	p.sane(args, e)
	return e
}

var insane = regexp.MustCompile(`(?m)^panic:|^fatal error:|^goroutine \d+ \[|WARNING: DATA RACE|runtime error`)

func (p place) sane(args []string, e ended) {
	p.Helper()
	if at := insane.FindString(e.stderr + e.stdout); at != "" {
		p.Errorf("%v: %s\n%s", args, at, e.stderr)
	}
}

var runID = regexp.MustCompile(`"run_id":\s*"([0-9a-f-]{36})"`)

// idsOf are the IDs of the runs in what export wrote or a result file is, each as often as it is there.
func idsOf(text string) (list []string) {
	for _, m := range runID.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

// results are n runs as the lines of a file that import reads, and their IDs.
func results(t *testing.T, n int, last time.Time) (lines []byte, ids []string) {
	for i := range n {
		r := benchtest.StoredRun(30, last.Add(time.Duration(i-n)*time.Minute).Truncate(time.Millisecond))
		line, err := result.NewDocument(bench.NewRecord(r)).Line()
		if err != nil {
			t.Fatal(err)
		}
		lines, ids = append(append(lines, line...), '\n'), append(ids, r.ID)
	}
	return lines, ids
}

func (p place) write(name string, data []byte) string {
	p.Helper()
	if err := os.WriteFile(p.path(name), data, 0o600); err != nil {
		p.Fatal(err)
	}
	return p.path(name)
}
