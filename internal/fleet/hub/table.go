package hub

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
)

// Word says in one word how a place is. The words come in the order of urgency: the first that fits is given.
func (s State) Word() string {
	switch {
	case !s.Revoked.IsZero():
		return "revoked"
	case s.Silent:
		return "silent"
	case s.Heard == nil:
		return "new"
	case unlike(s.Heard.Hello) != nil:
		return "unlike"
	case s.Paused:
		return "paused"
	case s.Heard.Hello.Error != "":
		return "failing"
	}
	return "well"
}

var words = []string{"silent", "unlike", "failing", "new", "paused", "well", "revoked"}

// WriteTable shows the fleet: a summary in one line, then the places. Places that need attention come first. printable
// cleans texts of others for a terminal.
func (o Overview) WriteTable(w io.Writer, printable func(string) string) error {
	list := slices.Clone(o.Places)
	slices.SortStableFunc(list, func(a, b State) int {
		return cmp.Compare(slices.Index(words, a.Word()), slices.Index(words, b.Word()))
	})
	n := map[string]int{}
	for _, s := range list {
		n[s.Word()]++
	}
	var sum []string
	for _, word := range words {
		if n[word] > 0 {
			sum = append(sum, fmt.Sprintf("%d %s", n[word], word))
		}
	}
	for _, s := range o.Away {
		fmt.Fprintf(w, "the store %s has been away for %s, and runs wait at their places: %s\n", printable(s.Name),
			ago(o.Now.Sub(s.Since)), printable(s.Error))
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no place has joined yet")
		return err
	}
	fmt.Fprintf(w, "%s: %s\n\n", bench.Many(len(list), "place"), strings.Join(sum, ", "))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tLOCATION\tSTATE\tVERSION\tPLAN\tWAITING\tCLOCK\tLAST RUN\tLAST ERROR")
	for _, s := range list {
		version, serial, waiting, clock, run, fault := "–", "–", "–", "–", "–", "–"
		if s.Heard != nil {
			h := s.Heard.Hello
			version, waiting, clock = cmp.Or(h.Version, "–"), fmt.Sprint(h.Waiting), clockText(h.Clock)
			if h.Serial > 0 {
				serial = fmt.Sprint(h.Serial)
			}
			if !h.LastRun.IsZero() {
				run = ago(o.Now.Sub(h.LastRun)) + " ago, " + cmp.Or(h.Verdict, "failed")
			}
			fault = cmp.Or(h.Error, "–")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, printable(cmp.Or(s.Location, "–")), s.state(o),
			printable(version), serial, waiting, clock, run, printable(strings.ReplaceAll(fault, "\t", " ")))
	}
	return t.Flush()
}

// state is how a place is, and since when.
func (s State) state(o Overview) string {
	switch word := s.Word(); {
	case word == "revoked":
		return "revoked " + ago(o.Now.Sub(s.Revoked)) + " ago"
	case word == "silent" && s.Heard == nil:
		return "never heard, in " + ago(o.Now.Sub(o.Started)) + " of this hub"
	case word == "silent":
		return "silent for " + ago(o.Now.Sub(s.Heard.At))
	case word == "new":
		return "not heard yet"
	default:
		return word + ", heard " + ago(o.Now.Sub(s.Heard.At)) + " ago"
	}
}

// ago is a duration for people, in its largest unit.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// clockText is the offset of a runner's clock from the hub's, for people.
func clockText(c fleet.Clock) string {
	if !c.Known {
		return "–"
	}
	return fmt.Sprintf("%+.1f ms ± %.1f", float64(c.Offset)/1e6, float64(c.Bound)/1e6)
}
