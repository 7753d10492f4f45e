package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// held says of each flag that promises a duration by which test the duration is held: the package's folder below
// internal, and the test. In fake time where that is possible; internal/campaign has the built program and a watch.
var held = []struct{ flag, commands, by string }{
	{"connect-timeout", "livekit, daily, both, echo, turn livekit, turn daily", "campaign TestDurations"},
	{"echo-timeout", "livekit, daily, both", "campaign TestDurations"},
	{"reconnect-timeout", "livekit, turn livekit", "campaign TestReconnectTimeout"},
	{"reconnect-timeout", "daily, both", "cli TestDailyIsCutOff"},
	{"reconnect-timeout", "turn daily", "cli TestTurnDailyIsCutOff"},
	{"timeout", "livekit, daily, both", "ping TestScenes"}, // the page plays the same scenes
	{"cooldown", "livekit, daily, both, calibrate", "ping TestProbeKeepsTheGridAndMeasuresExactly"},
	{"timeout", "turn livekit, turn daily", "turn TestLimits"},
	{"rest", "turn livekit, turn daily", "turn TestLimits"},
	{"greeting", "turn livekit, turn daily", "turn TestLimits"},
	{"gap", "turn livekit, turn daily", "turn TestAKnownAgent"},
	{"delay", "turn livekit", "turn TestAKnownAgent"},
	{"every", "run", "schedule TestAWeek"},
	{"jitter", "run", "schedule TestLongRuns"},
	{"room-ttl", "echo", "echo TestARoomEnds"},
	{"for", "fleet token", "fleet/hub TestWhoIsNotLetIn"},
	{"alternate", "lab run", "lab TestAway"},
	{"clock-offset", "echo", "ping TestClocksThatAreNotAsTheySayAreNotBelieved"},
}

// Every flag of every command that takes a duration has a test that holds the duration.
func TestEveryDurationIsHeld(t *testing.T) {
	read := readAsDurations(t)
	used := map[int]bool{}
	eachFlag(func(args []string, flag *kong.Flag) {
		if others()[args[0]] != nil { // a platform without flags of its own: what waits is held with the others
			return
		}
		if !slices.Contains(read, flag.Name) && flag.Target.Type() != reflect.TypeFor[time.Duration]() {
			return
		}
		command := strings.TrimSuffix(strings.Join(args, " "), " x")
		for i, h := range held {
			if h.flag == flag.Name && slices.Contains(strings.Split(h.commands, ", "), command) {
				used[i] = true
				return
			}
		}
		t.Errorf("%s --%s takes a duration, and no test is named that holds it", command, flag.Name)
	})
	for i, h := range held {
		if !used[i] {
			t.Errorf("%s --%s takes no duration, or there is none", h.commands, h.flag)
		}
		folder, name, _ := strings.Cut(h.by, " ")
		files, _ := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
		if !slices.ContainsFunc(files, func(file string) bool {
			text, err := os.ReadFile(file)
			return err == nil && regexp.MustCompile(`(?m)^func `+name+`\(t \*testing\.T\)`).Match(text)
		}) {
			t.Errorf("%s --%s: internal/%s has no %s", h.commands, h.flag, folder, name)
		}
	}
	if len(read) < 12 {
		t.Errorf("only %q are read as durations", read)
	}
}

// readAsDurations are the flags whose values the code reads as durations.
func readAsDurations(t *testing.T) (names []string) {
	t.Helper()
	files := token.NewFileSet()
	for _, folder := range []string{".", "../commandline/flags", "../stores", "../platform/livekit",
		"../platform/daily", "../selection"} {
		list, _ := filepath.Glob(filepath.Join(folder, "*.go"))
		for _, path := range list {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				called, _ := call.Fun.(*ast.SelectorExpr)
				if called == nil {
					return true
				}
				switch called.Sel.Name {
				case "ParseDuration":
					t.Errorf("%s: a flag's duration is read by settings.Check.Millis", files.Position(call.Pos()))
				case "Millis":
					literal, ok := call.Args[0].(*ast.BasicLit)
					if !ok {
						t.Errorf("%s: which flag?", files.Position(call.Pos()))
						return true
					}
					name, _ := strconv.Unquote(literal.Value)
					names = append(names, name)
				}
				return true
			})
		}
	}
	return names
}
