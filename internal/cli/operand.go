package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
)

// operand is one side of a comparison as it was written: a file, runs of a file, or runs of a store.
type operand struct {
	text string
	file string // "" = in the store
	filter
}

// parseOperand tells what text names. What is there as a file is a file.
func parseOperand(text string, now time.Time) (o operand, err error) {
	o.text = text
	path, choice, chosen := text, "", false
	if at := strings.LastIndexByte(text, '#'); at >= 0 && !isFile(text) {
		path, choice, chosen = text[:at], text[at+1:], true
	}
	switch {
	case isFile(path):
		o.file = path
		if chosen {
			o.filter, err = parseFilter(choice, now)
		}
	case chosen:
		err = errors.New("there is no such file")
	case !strings.Contains(text, "=") && !partOfID.MatchString(text) && strings.ContainsAny(text, "./\\"):
		err = errors.New("there is no such file")
	default:
		if o.filter, err = parseFilter(text, now); err != nil && !strings.Contains(text, "=") {
			err = errors.New("it is no file, no ID of a run, and no filter such as platform=livekit,location=fra,since=24h")
		}
	}
	if err != nil {
		return o, usagef("compare %s: %w", shownOperand(text), err)
	}
	return o, nil
}

// shownOperand is text as an error may show it.
func shownOperand(text string) string {
	path, choice, chosen := strings.Cut(text, "#")
	_, err := parseFilter(choice, time.Time{})
	_, alone := parseFilter(text, time.Time{})
	switch {
	case alone == nil, isFile(path) && (!chosen || err == nil):
		return strconv.Quote(text)
	case isFile(path), dataFile.MatchString(path):
		return shownName(path)
	}
	return shownFilter(text)
}

// shownFilter is a filter that was refused. What may be a secret in it stands there as dots.
func shownFilter(text string) string {
	words := append(slices.Sorted(maps.Keys(filterKeys)), append(result.Platforms, "native", "browser")...)
	parts := strings.Split(text, ",")
	if !strings.Contains(text, "=") && len(parts) == 1 {
		return shown(text, words...)
	}
	told := false
	for i, part := range parts {
		key, value, found := strings.Cut(part, "=")
		for _, word := range []*string{&key, &value} {
			if !harmless.MatchString(*word) && !nearlyOne(*word, words) {
				*word = "…"
			}
			told = told || *word != "…" && *word != ""
		}
		if parts[i] = key; found {
			parts[i] += "=" + value
		}
	}
	if !told {
		return hidden(text)
	}
	return strconv.Quote(strings.Join(parts, ","))
}

// dataFile is what the names of such files end in.
var dataFile = regexp.MustCompile(`(?i)\.(jsonl?|ndjson|gz|zst|txt|csv|log|db)$`)

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() || path == "-"
}

// group gives the runs that o names, each once, from its file or from the store that open opens. Invalid ones are left out, unless
// they are asked for, or o names one run and no other.
func (o operand) group(a *app, reading func(io.Reader) io.Reader, open func() (bench.Store, error), invalid bool) (g report.Group, err error) {
	var runs []bench.Run
	if o.file != "" {
		runs, err = o.fromFile(a, reading)
	} else {
		var s bench.Store
		if s, err = open(); err == nil {
			runs, err = o.fromStore(a, s)
		}
	}
	if err != nil {
		return g, fmt.Errorf("compare %s: %w", shownOperand(o.text), err)
	}
	g.Name = o.text
	seen := map[string]bool{}
	for _, r := range runs {
		if !seen[r.ID] {
			seen[r.ID] = true
			g.Runs = append(g.Runs, bench.NewRecord(r))
		}
	}
	isInvalid := func(r bench.Record) bool { return r.Summary.Validity.Verdict == bench.Invalid }
	named := o.id != "" || o.file != "" && len(g.Runs) == 1
	if all := g.Runs; !invalid && !named {
		g.Runs = slices.DeleteFunc(slices.Clone(all), isInvalid)
		if g.LeftOut = len(all) - len(g.Runs); len(g.Runs) == 0 && len(all) > 0 {
			return g, fmt.Errorf("compare %s: the %d run(s) of it are invalid; --include-invalid compares them all the same", shownOperand(o.text), len(all))
		}
	}
	if len(g.Runs) == 1 && isInvalid(g.Runs[0]) {
		fmt.Fprintf(a.stderr, "compare %s: this run is invalid, and no measure of its path: %s\n", shownOperand(o.text),
			report.Printable(g.Runs[0].Summary.Validity.Why()))
	}
	switch {
	case len(g.Runs) == 0:
		return g, fmt.Errorf("compare %s: there is no such run", shownOperand(o.text))
	case o.id != "" && len(g.Runs) > 1:
		return g, fmt.Errorf("compare %s: %d runs are called so, as %s and %s: give more of the ID", shownOperand(o.text), len(g.Runs), g.Runs[0].ID, g.Runs[1].ID)
	}
	return g, nil
}

// fromFile refuses a file of which a part cannot be read: a part of a group is another group.
func (o operand) fromFile(a *app, reading func(io.Reader) io.Reader) (runs []bench.Run, err error) {
	r, err := openFile(o.file)
	if err != nil {
		return nil, cmp.Or(errors.Unwrap(err), err)
	}
	defer r.Close()
	told := map[string]bool{}
	for e, err := range result.Decode(reading(r)) {
		if err != nil {
			return nil, err
		}
		if !o.matches(e.Run) {
			continue
		}
		if e.Note != "" && !told[e.Note] {
			told[e.Note] = true
			fmt.Fprintf(report.Plain{Writer: a.stderr}, "%s, %s: %s\n", o.file, e.Place, e.Note)
		}
		runs = append(runs, e.Run)
	}
	return runs, nil
}

// fromStore reads the runs without their samples, and a single one with them. What cannot be read is told
// and left out.
func (o operand) fromStore(a *app, s bench.Store) (runs []bench.Run, err error) {
	if o.id != "" {
		r, err := findRun(a.ctx, s, o.id)
		if err != nil || !o.matches(r) {
			return nil, err
		}
		return []bench.Run{r}, nil
	}
	for r, err := range s.Runs(a.ctx, o.Query) {
		switch {
		case err == nil:
			runs = append(runs, r)
		case !bench.ReadsOn(r, err):
			return nil, err
		default:
			a.settings.say(unreadable(r, err).Error())
		}
	}
	if len(runs) == 1 {
		r, err := findRun(a.ctx, s, runs[0].ID)
		return []bench.Run{r}, err
	}
	return runs, nil
}
