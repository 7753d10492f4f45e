package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

func init() { Titles = map[string]string{"daily": "Daily", "livekit": "LiveKit"} }

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test ./internal/report -update writes it anew):\n%s", path, got)
	}
}

func TestGoldenTables(t *testing.T) {
	for name, run := range benchtest.Runs() {
		var b bytes.Buffer
		if err := WriteText(&b, bench.NewRecord(run)); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", b.Bytes())
		for _, line := range strings.Split(b.String(), "\n") {
			if w := lipgloss.Width(line); w > width {
				t.Errorf("%s: %d columns: %s", name, w, line)
			}
		}
	}
}

// manyOfOne is how nobody speaks of one thing.
var manyOfOne = regexp.MustCompile(`\b1 (\w+ )?(pings|turns|runs|times|pongs|slots|packets|bursts|answers)\b`)

// TestOneIsNotMany: tables speak of one ping, turn or run, and of one of each kind of trouble, in the singular.
func TestOneIsNotMany(t *testing.T) {
	ping, turn, lost, audio := benchtest.Run(1), benchtest.Turns(), benchtest.Run(20), benchtest.Audio(1)
	ping.Echo.Unmatched, ping.Facts.Reconnects = 1, 1
	turn.Turns.Turns, turn.Samples, turn.Plan.Count = turn.Turns.Turns[:1], turn.Samples[:1], 1
	turn.Counts, turn.Facts.Reconnects = bench.Counts{}, 1
	turn.Counts.Tally(turn.Samples)
	lost.Echo.Unmatched = 1
	*audio.Facts.Audio[1].Retransmitted = 1
	for name, r := range map[string]bench.Run{"ping": ping, "turn": turn, "lost": lost, "audio": audio} {
		record := bench.NewRecord(r)
		var b, both bytes.Buffer
		if err := WriteText(&b, record); err != nil {
			t.Fatal(err)
		}
		c := CompareGroups(Group{Name: "A", Runs: []bench.Record{record}, LeftOut: 1},
			Group{Name: "B", Runs: []bench.Record{record, record}}, Against{})
		if err := c.WriteText(&both); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(b.String()+both.String()), " ")
		if found := manyOfOne.FindString(text); found != "" {
			t.Errorf("%s: %q in\n%s", name, found, text)
		}
	}
}

// TestReasonsAreToldOnce: with the verdict, and not again among the doubts.
func TestReasonsAreToldOnce(t *testing.T) {
	r := benchtest.Run(400)
	r.Facts.Hidden, r.Floor, r.Machine.Steal.Ratio = true, &bench.Floor{RTT: 30 * time.Millisecond}, 0.02001
	var b bytes.Buffer
	if err := WriteText(&b, bench.NewRecord(r)); err != nil {
		t.Fatal(err)
	}
	golden(t, "invalid.txt", b.Bytes())
	for _, text := range []string{"invalid: the page was in the background", "invalid: 30ms of the P50",
		"doubtful: the host took 2.0 %"} {
		if strings.Count(b.String(), text) != 1 || strings.Count(b.String(), text[9:]) != 1 {
			t.Errorf("%q is not told once:\n%s", text, b.String())
		}
	}
}

func TestColoursAreForTerminals(t *testing.T) {
	r := lipgloss.NewRenderer(&bytes.Buffer{})
	r.SetColorProfile(termenv.ANSI)
	p := newPage(r)
	p.doubts([]bench.Doubt{{Text: "x"}})
	if !strings.Contains(p.String(), "\x1b[") {
		t.Error("no colour on a terminal")
	}
}

// TestRunWithoutItsPings: a run of which a store has no samples, as one that a Lambda function answered in short, still
// has its round trip times.
func TestRunWithoutItsPings(t *testing.T) {
	packed, err := result.Pack(bench.NewRecord(benchtest.Run(400)))
	if err != nil {
		t.Fatal(err)
	}
	packed.Samples = nil
	run, err := packed.Run()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	WriteText(&b, bench.NewRecord(run))
	if text := b.String(); strings.Contains(text, "No ping was answered") ||
		!regexp.MustCompile(`P99 +\d+\.\d+ +\d+\.\d+ …|P99 +\d+\.\d+ +no interval below`).MatchString(text) {
		t.Error(text)
	}
}

func TestTextObeysNobody(t *testing.T) {
	run := benchtest.Run(5)
	run.Echo.Identity = "a\x1b[2Jb"
	run.Echo.Others = []string{"evil\nline\x1b]0;title\x07"}
	var b bytes.Buffer
	WriteText(&b, bench.NewRecord(run))
	if strings.ContainsAny(b.String(), "\x1b\x07") {
		t.Errorf("%q", b.String())
	}
}

func TestDistribution(t *testing.T) {
	for _, values := range [][]time.Duration{{5e6, 5e6}, {1, 2}, {1e6, 2e6, 900e6},
		{40e6, 41e6, 42e6, 43e6, 44e6, 45e6, 46e6, 47e6, 48e6}} {
		list, step := binned(values)
		total := 0
		for _, b := range list {
			total += b.Count
		}
		if total != len(values) || len(list) > bins || step <= 0 {
			t.Errorf("%v: %v", values, list)
		}
	}
}
