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
)

// Write shows f as a table. printable cleans texts of others for a terminal.
func (f Forecast) Write(w io.Writer, printable func(string) string) error {
	fmt.Fprintf(w, "every %v, up to %v late; a day at each place:\n\n", f.Every, f.Jitter)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "JOB\tPLATFORM\tECHO\tPLACES\tRUNS\tPINGS\tKEPT\tTO THE HUB\tA RUN AT THE MOST")
	for _, j := range f.Jobs {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%v\n", printable(j.Name), j.Platform, j.Echo,
			f.placesText(j.Places), j.Each.Runs, j.Each.Pings, bytesText(j.Each.Kept),
			bytesText(j.Each.Hub), j.Longest.Round(time.Second))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if f.Known {
		fmt.Fprintf(w, "\nall places together, a day: %s, %s, %s kept, %s to and from the hub\n",
			bench.Many(int(f.Runs), "run"), bench.Many(int(f.Pings), "ping"), bytesText(f.Kept), bytesText(f.Hub))
	} else {
		fmt.Fprintln(w, "\nno hub was asked, so that its places are not known")
	}
	if len(f.Idle) > 0 {
		fmt.Fprintf(w, "without a job: %s\n", strings.Join(short10(f.Idle), ", "))
	}
	for _, n := range f.Notes {
		fmt.Fprintf(w, "note: %s\n", printable(n))
	}
	switch {
	case f.Same:
		fmt.Fprintf(w, "the plan of now (serial %d) says the same\n", f.Serial)
	case f.Serial > 0:
		fmt.Fprintf(w, "the plan of now has serial %d, and says something else\n", f.Serial)
	}
	return nil
}

func (f Forecast) placesText(names []string) string {
	if !f.Known {
		return "–"
	}
	return cmp.Or(strings.Join(short10(names), " "), "none")
}

// short10 is the first ten of a list, and how many more there are.
func short10(names []string) []string {
	const most = 10
	if len(names) <= most {
		return names
	}
	return append(slices.Clone(names[:most]), fmt.Sprintf("and %d more", len(names)-most))
}

func bytesText(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	case n < 10_000_000_000:
		return fmt.Sprintf("%d MB", n/1_000_000)
	}
	return fmt.Sprintf("%d GB", n/1_000_000_000)
}
