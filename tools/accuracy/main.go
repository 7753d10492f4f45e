// Command accuracy holds rtcbench against known answers and writes docs/accuracy.md (make accuracy): every scenario of
// the lab by both engines on each channel, pairs of equal runs, the router alone, and how often the statistics of this
// package's tests held. What was done is kept in a folder of the commit, so that a command that was stopped goes on
// where it was.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
	"rtcbench/internal/lab/analysis"
)

func main() {
	t := tool{}
	flag.StringVar(&t.binary, "rtcbench", "./rtcbench", "the program to hold against known answers")
	flag.StringVar(&t.dir, "dir", "", "where to keep what was done; empty: .bin/accuracy and the commit")
	flag.IntVar(&t.pings, "n", 300, "pings of a run in the lab")
	flag.DurationVar(&t.limit, "limit", 70*time.Minute, "when to begin nothing more; what is missing is named, and "+
		"done by the next call")
	flag.StringVar(&t.only, "only", "", "scenarios whose names contain this")
	flag.StringVar(&t.engine, "engine", "", "that engine alone: the page has no other")
	flag.StringVar(&t.channel, "channel", "", "that channel alone, on a page of its own, "+
		"accuracy-CHANNEL.md")
	docs := flag.String("docs", "docs", "folder that accuracy.md and accuracy.svg are written to")
	readme := flag.String("figures", "docs/figures.md", "the file that has the headline")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := t.run(ctx, *docs, *readme); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

type tool struct {
	binary, dir, only string
	engine, channel   string // "" = all
	pings             int
	limit             time.Duration
	begin             time.Time
	skipped           []string
}

// floorName is the scenario that has no network in it.
const floorName = "floor"

// engines are what the platform is spoken to by, and channels what pings go by.
var (
	engines  = []string{"native", "browser"}
	channels = []string{"reliable", "lossy", "audio"}
)

// attempts is how often a run is made in which the router was not precise.
const attempts = 3

func (t *tool) run(ctx context.Context, docs, readme string) error {
	t.begin = time.Now()
	if t.dir == "" {
		commit, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
		if err != nil {
			return fmt.Errorf("which commit is this: %w", err)
		}
		t.dir = filepath.Join(".bin", "accuracy", strings.TrimSpace(string(commit)))
	}
	if err := os.MkdirAll(t.dir, 0o755); err != nil {
		return err
	}
	var a answers
	var err error
	if a.Router, err = once(t, ctx, "router", t.router); err != nil {
		return err
	}
	if err := t.scenarios(ctx, &a); err != nil {
		return err
	}
	if err := t.alternating(ctx, &a); err != nil {
		return err
	}
	if err := t.rests(ctx, &a); err != nil {
		return err
	}
	if a.Pairs, err = t.pairs(ctx); err != nil {
		return err
	}
	if a.Tallies, err = once(t, ctx, "statistics", t.statistics); err != nil {
		return err
	}
	a.Skipped = t.skipped
	if err := a.write(docs, t.page(), readme); err != nil {
		return err
	}
	a.headline(os.Stdout)
	fmt.Printf("took %v; the table is %s\n", time.Since(t.begin).Round(time.Second),
		filepath.Join(docs, t.page()+".md"))
	for _, name := range t.skipped {
		fmt.Printf("skipped for want of time: %s\n", name)
	}
	return nil
}

// once does what was not done yet, and keeps it as JSON. When the time is over it is skipped, and nil.
func once[T any](t *tool, ctx context.Context, name string, do func(context.Context) (*T, error)) (*T, error) {
	path := filepath.Join(t.dir, name+".json")
	data, err := os.ReadFile(path)
	switch {
	case err == nil:
		var v T
		return &v, json.Unmarshal(data, &v)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case time.Since(t.begin) > t.limit:
		t.skipped = append(t.skipped, name)
		return nil, nil
	}
	fmt.Printf("%6s  %s\n", time.Since(t.begin).Round(time.Second), name)
	v, err := do(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if data, err = json.Marshal(v); err != nil {
		return nil, err
	}
	return v, os.WriteFile(path, data, 0o644)
}

// outcome is one run in the lab.
type outcome struct {
	Scenario, Engine, Channel string
	Alternating               bool `json:",omitempty"`
	Cooldown                  int  `json:",omitempty"` // ms; 0 = rtcbench's own
	Tries                     int
	Failed                    string `json:",omitempty"` // what is wrong with the run itself
	When                      time.Time
	Report                    analysis.Report
}

func (t *tool) scenarios(ctx context.Context, a *answers) error {
	var names []string
	for _, name := range lab.Shipped() {
		if name != floorName && strings.Contains(name, t.only) {
			names = append(names, name)
		}
	}
	// The floor moves with the machine's day: it is measured before, between and after.
	names = slices.Concat([]string{floorName}, names[:len(names)/2], []string{floorName}, names[len(names)/2:],
		[]string{floorName})
	floors := 0
	for _, name := range names {
		kept := name
		if name == floorName {
			floors++
			kept = fmt.Sprintf("%s%d", name, floors)
		}
		for _, engine := range engines {
			for _, channel := range channels {
				if !t.wants(engine, channel) {
					continue
				}
				o, err := once(t, ctx, strings.Join([]string{kept, engine, channel}, "-"),
					func(ctx context.Context) (*outcome, error) {
						return t.precise(ctx, outcome{Scenario: name, Engine: engine, Channel: channel})
					})
				if err != nil {
					return err
				}
				if o != nil {
					a.Outcomes = append(a.Outcomes, *o)
				}
			}
		}
	}
	return nil
}

// page is what the page is called.
func (t *tool) page() string {
	if t.channel != "" {
		return "accuracy-" + t.channel
	}
	return "accuracy"
}

// wants reports whether runs of that kind are asked for.
func (t *tool) wants(engine, channel string) bool {
	return (t.engine == "" || t.engine == engine) && (t.channel == "" || t.channel == channel)
}

// alternating makes the runs by which the promises are judged: those of the scenarios that they are of, with and
// without the network in turn, so that the floor is that of the same seconds.
func (t *tool) alternating(ctx context.Context, a *answers) error {
	for _, plain := range a.Outcomes {
		if !plain.judged() {
			continue
		}
		o, err := once(t, ctx, strings.Join([]string{"alternating", plain.Scenario, plain.Engine, plain.Channel}, "-"),
			func(ctx context.Context) (*outcome, error) {
				return t.precise(ctx, outcome{Scenario: plain.Scenario, Engine: plain.Engine, Channel: plain.Channel,
					Alternating: true, Cooldown: plain.warm()})
			})
		if err != nil {
			return err
		}
		if o != nil {
			a.Alternating = append(a.Alternating, *o)
		}
	}
	return nil
}

// warm is the time in ms between the pings of alternating runs: so little that no cache is emptied in between (rests),
// and none by which pings meet, one at the server or back at the runner when the next one leaves: a grid that is in
// step with what it measures sees always the same moment of it (phase lock; RFC 2330 §11.1).
func (o outcome) warm() int {
	if o.Channel == "audio" { // a browser's encoder has a packet every 20 ms
		return 20
	}
	up, _ := o.of("up P50")
	rtt, _ := o.of("round trip P50")
	best, farthest := 0, 0.0
	for _, c := range []float64{10, 11, 9, 12, 8} {
		apart := math.Inf(1)
		for _, at := range []float64{up.Injected, rtt.Measured} {
			apart = min(apart, math.Abs(at-c*math.Round(at/c)))
		}
		if apart >= 2 {
			return int(c)
		}
		if apart > farthest {
			best, farthest = int(c), apart
		}
	}
	return best
}

// rests measures the floor with more and more time between the pings.
func (t *tool) rests(ctx context.Context, a *answers) error {
	for _, engine := range engines {
		if !t.wants(engine, "reliable") {
			continue
		}
		for _, cooldown := range []int{10, 20, 50, 100, 200} {
			o, err := once(t, ctx, fmt.Sprintf("rest-%s-%d", engine, cooldown),
				func(ctx context.Context) (*outcome, error) {
					return t.precise(ctx, outcome{Scenario: floorName, Engine: engine, Channel: "reliable",
						Cooldown: cooldown})
				})
			if err != nil {
				return err
			}
			if o != nil {
				a.Rests = append(a.Rests, *o)
			}
		}
	}
	return nil
}

// precise repeats a run in which the router was not, or which is not whole or not valid, and gives the best.
func (t *tool) precise(ctx context.Context, o outcome) (*outcome, error) {
	var best *outcome
	for try := 1; try <= attempts; try++ {
		o.Tries, o.When = try, time.Now()
		extra := []string{"-n", fmt.Sprint(t.pings)}
		switch {
		case o.Alternating: // half of them on the floor, in stretches of two seconds
			extra = []string{"-n", fmt.Sprint(4 * t.pings), "-c", fmt.Sprint(o.Cooldown)}
			if o.Channel == "audio" { // of 600 pings the six slowest are a P99, and one halt of the machine takes six
				extra[1] = fmt.Sprint(16 * t.pings)
			}
		case o.Cooldown > 0:
			extra = []string{"-n", fmt.Sprint(t.pings / 3), "-c", fmt.Sprint(o.Cooldown)}
		}
		r, failed, err := t.measure(ctx, o, uint64(try), extra...)
		if err != nil {
			return nil, err
		}
		o.Report, o.Failed = r, failed
		if now := o; best == nil || (best.Failed != "") && failed == "" || (best.Failed == "") == (failed == "") &&
			r.Added.P99 < best.Report.Added.P99 {
			best = &now
		}
		if !r.Imprecise && failed == "" {
			break
		}
		fmt.Printf("        again: P99 of the router %.0f µs %s\n", r.Added.P99, failed)
	}
	best.Tries = o.Tries
	return best, nil
}

// measure makes one run in the lab. It says what is wrong with a run that ended early, or that does not call itself
// valid or doubtful.
func (t *tool) measure(ctx context.Context, o outcome, seed uint64, extra ...string) (r analysis.Report, failed string,
	err error) {
	dir, err := os.MkdirTemp("", "acc") // short: Chromium makes sockets below it
	if err != nil {
		return r, "", err
	}
	defer os.RemoveAll(dir)
	report := filepath.Join(dir, "report.json")
	args := []string{"lab", "run", "--seed", fmt.Sprint(seed), "--report", report}
	if o.Alternating {
		args = append(args, "--alternate", "2s")
	}
	args = append(args, o.Scenario, "--", "livekit", "--engine", o.Engine, "--channel", o.Channel, "--quiet")
	args = append(args, extra...)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.binary, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "XDG_DATA_HOME="+dir, "RTCBENCH_STORE=none")
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return r, "", err
	}
	data, err := os.ReadFile(report)
	if err != nil {
		return r, "", fmt.Errorf("exit code %d, and it said:\n%s", cmd.ProcessState.ExitCode(), said)
	}
	err = json.Unmarshal(data, &r)
	switch code := cmd.ProcessState.ExitCode(); {
	case code != 0:
		failed = fmt.Sprintf("exit code %d", code)
	case r.Verdict == bench.Invalid:
		failed = "invalid: " + strings.Join(r.Grounds, ", ")
	}
	return r, failed, err
}

// statistics runs the tests of this package with all their seeds.
func (t *tool) statistics(ctx context.Context) (*[]tally, error) {
	file, err := filepath.Abs(filepath.Join(t.dir, "tallies.jsonl"))
	if err != nil {
		return nil, err
	}
	os.Remove(file)
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout=20m", "./tools/accuracy")
	cmd.Env = append(os.Environ(), tallyVariable+"="+file)
	said, failed := cmd.CombinedOutput() // a count that is not reached fails the test, and is told all the same
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%w:\n%s", errors.Join(failed, err), said)
	}
	defer f.Close()
	var list []tally
	for d := json.NewDecoder(f); d.More(); {
		var y tally
		if err := d.Decode(&y); err != nil {
			return nil, err
		}
		list = append(list, y)
	}
	return &list, nil
}
