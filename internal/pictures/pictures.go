// Package pictures draws runs and comparisons as single pictures, for slides and mails. Each figure in them is the one
// that the command line prints and the page shows; each picture says of how many pings it is, with which interval, and
// what speaks against it.
package pictures

import (
	"fmt"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/drawing"
	"rtcbench/internal/report"
)

// Compare is the picture of several runs.
const Compare = "compare"

// list are the pictures of one run. The one that is drawn where nobody asks for another is that of its kind of run.
var list = []struct {
	name string
	draw func(bench.Record) (*drawing.Sheet, error)
}{
	{"overview", overview},
	{"histogram", histogram},
	{"series", series},
	{"percentiles", percentiles},
	{"oneway", oneWay},
	{"jitter-buffer", jitterBuffer},
	{"strips", strips},
}

// Names are the pictures that can be asked for.
func Names() (names []string) {
	for _, p := range list {
		names = append(names, p.name)
	}
	return append(names, Compare)
}

// Nothing says why there is nothing to draw.
type Nothing struct{ Picture, Why string }

func (e *Nothing) Error() string {
	return fmt.Sprintf("there is no picture %q of it: %s", e.Picture, e.Why)
}

// Miscounted says that a picture is not of so many runs.
type Miscounted struct{ Why string }

func (e *Miscounted) Error() string { return e.Why }

// Draw draws the picture of that name of the runs that sides have; "" = what shows most of them.
func Draw(name string, sides []report.Group) (*drawing.Sheet, error) {
	var runs []bench.Record
	for _, side := range sides {
		runs = append(runs, side.Runs...)
	}
	switch {
	case name == "" && len(runs) > 1:
		name = Compare
	case name == "" && len(runs) == 1 && runs[0].Turns != nil:
		name = "strips"
	case name == "":
		name = "overview"
	}
	if name == Compare {
		if len(runs) < 2 {
			return nil, &Miscounted{"a comparison is of two runs or more, and one was named"}
		}
		if len(sides) == 1 {
			sides = sides[0].Apart()
		}
		return forest(sides), nil
	}
	if len(runs) != 1 {
		return nil, &Miscounted{fmt.Sprintf("the picture %q is of one run, and there are %d; %q shows several", name,
			len(runs), Compare)}
	}
	for _, p := range list {
		if p.name == name {
			return p.draw(runs[0])
		}
	}
	return nil, &Nothing{name, "the pictures are " + strings.Join(Names(), ", ")}
}
