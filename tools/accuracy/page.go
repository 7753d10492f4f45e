package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/template"
	"time"
)

//go:embed page.md.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is what the template shows. A row is the cells of a table's line, with " | " between them.
type page struct {
	Date, Processor, Kernel string
	CPUs, Attempts          int
	Skipped                 string // what the page is without
	Headline                string // the lines of a table
	Name, Channel           string // of the file; "" = it has all channels
	Router                  *precision
	FloorRange              string // "" = there is no floor of the native engine
	Residuals               *residualRows
	Pairs, Floors, Rests    []string // rows, as all below
	Promised, Taught        []string // tallies: what was promised, and what is told for what it teaches
	RoundTrips, OneWays     []string
	Losses, Jitters         []string
}

type residualRows struct{ Runs, Parts []string }

// page writes the page of that name.
func (a answers) page(w io.Writer, name string) error {
	var headline strings.Builder
	a.headline(&headline)
	_, channel, _ := strings.Cut(name, "-")
	p := page{
		Name: name, Channel: channel,
		Date: a.date(), Processor: processor(), Kernel: kernel(), CPUs: runtime.NumCPU(), Attempts: attempts,
		Skipped: strings.Join(a.Skipped, ", "), Headline: headline.String(), Router: a.Router,
		Pairs: a.pairRows(), Floors: a.floors(), Rests: a.rests(),
		Promised: a.tallies(false), Taught: a.tallies(true),
		RoundTrips: a.roundTrips(), OneWays: a.oneWays(), Losses: a.losses(), Jitters: a.jitters(),
	}
	if least, most, ok := a.floorRange(); ok {
		p.FloorRange = fmt.Sprintf("%.2f to %.2f", least, most)
	}
	if len(a.Alternating) > 0 {
		p.Residuals = &residualRows{a.residuals(), a.grownParts()}
	}
	return pageTemplate.Execute(w, p)
}

func (a answers) date() string {
	var first, last time.Time
	for _, o := range a.Outcomes {
		if first.IsZero() || o.When.Before(first) {
			first = o.When
		}
		if o.When.After(last) {
			last = o.When
		}
	}
	if first.Format(time.DateOnly) == last.Format(time.DateOnly) {
		return first.Format(time.DateOnly)
	}
	return first.Format(time.DateOnly) + " to " + last.Format(time.DateOnly)
}

func processor() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, _ := strings.Cut(string(data), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Trim(line, ": \t")
}

func kernel() string {
	data, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(string(data))
}
