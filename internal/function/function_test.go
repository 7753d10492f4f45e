package function

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/environment"
	"rtcbench/internal/result"
)

func of(variables map[string]string) environment.Environment {
	return func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
}

// TestWhoIsAFunction: an image is a function where Lambda starts it without a command, and a command line else.
func TestWhoIsAFunction(t *testing.T) {
	lambda := of(map[string]string{"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"})
	for _, c := range []struct {
		e    environment.Environment
		args []string
		want bool
	}{
		{lambda, nil, true}, {lambda, []string{"--help"}, true}, {lambda, []string{"livekit"}, false},
		{lambda, []string{"--version"}, false}, {of(nil), nil, false}, {of(nil), []string{"--help"}, false},
	} {
		if got := Asked(c.e, c.args); got != c.want {
			t.Errorf("%q: %v", c.args, got)
		}
	}
}

// TestFoldersOfAFunction: a function writes where Lambda lets it, and a mounted file system that is named is kept.
func TestFoldersOfAFunction(t *testing.T) {
	usual := filepath.Join(os.TempDir(), "rtcbench")
	for given, want := range map[string]string{
		"": usual, "/data": usual, "/mnt/runs": "/mnt/runs", "/mnt": usual, "/mnt/../data": usual,
		os.TempDir() + "/mine": os.TempDir() + "/mine",
	} {
		set := map[string]string{}
		err := Prepare(of(map[string]string{"RTCBENCH_DATA_DIR": given}),
			func(name, value string) error { set[name] = value; return nil })
		if err != nil || set["RTCBENCH_DATA_DIR"] != want || set["HOME"] != os.TempDir() {
			t.Errorf("%q: %q, %v", given, set, err)
		}
	}
}

// TestTimeIsLeftToKeep: measuring ends before the invocation does, and a short invocation is halved, so that what was
// measured can be saved. The reason is the end of the time.
func TestTimeIsLeftToKeep(t *testing.T) {
	for within, most := range map[time.Duration]time.Duration{
		time.Hour: time.Hour - margin, 4 * time.Second: 2 * time.Second,
	} {
		all, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		measuring, cancel := BeforeDeadline(all)
		defer cancel()
		end, ok := measuring.Deadline()
		if whole, _ := all.Deadline(); !ok || whole.Sub(end) < within-most-time.Second {
			t.Errorf("of %v so much is left: %v", within, whole.Sub(end))
		}
	}
	over, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	measuring, cancel := BeforeDeadline(over)
	defer cancel()
	if <-measuring.Done(); !errors.Is(context.Cause(measuring), context.DeadlineExceeded) {
		t.Errorf("%v", context.Cause(measuring))
	}
	free, cancel := BeforeDeadline(t.Context())
	defer cancel()
	if _, ok := free.Deadline(); ok {
		t.Error("an invocation without an end has one now")
	}
}

// TestAnAnswerThatLambdaTakes: a result that is too large is answered without its pings, says so, and has its figures;
// one that is not is answered as it is.
func TestAnAnswerThatLambdaTakes(t *testing.T) {
	for _, n := range []int{100, 40_000} {
		record := bench.NewRecord(benchtest.Run(n))
		var file bytes.Buffer
		if err := result.Write(&file, record); err != nil {
			t.Fatal(err)
		}
		answer, err := Answer(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var is struct {
			Details struct{ Counts struct{ Answered int } }
		}
		if err := json.Unmarshal(answer, &is); err != nil || is.Details.Counts.Answered != record.Counts.Answered {
			t.Errorf("%d pings: %d answered, %v", n, is.Details.Counts.Answered, err)
		}
		cut := file.Len() > most
		if len(answer) > most || strings.Contains(string(answer), "answer-cut") != cut {
			t.Errorf("%d pings: %d bytes of %d", n, len(answer), file.Len())
		}
		if n > 100 && !cut {
			t.Errorf("%d pings are %d bytes: no answer was too large", n, file.Len())
		}
	}
}
