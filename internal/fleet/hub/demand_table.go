package hub

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"rtcbench/bench"
)

// Write shows the results of an order as a table. printable cleans texts of others for a terminal.
func (d Demand) Write(w io.Writer, printable func(string) string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PLACE\tANSWERED BY\tP50\tP95\tANSWERED\tFAILED\tVERDICT\tRUN")
	for _, r := range d.Results {
		switch {
		case !r.Done:
			fmt.Fprintf(t, "%s\t–\t–\t–\t–\t–\tno word from it in time\t–\n", r.Place)
		case r.Run == "":
			fmt.Fprintf(t, "%s\t–\t–\t–\t–\t–\t%s\t–\n", r.Place, printable(r.Error))
		default:
			id := printable(r.Run)
			fmt.Fprintf(t, "%s\t%s\t%.1f ms\t%.1f ms\t%d\t%d\t%s\t%s\n", r.Place, printable(cmp.Or(r.Echo, "itself")),
				float64(r.P50)/1e6, float64(r.P95)/1e6, r.Answered, r.Failed, printable(cmp.Or(r.Verdict, "–")),
				id[max(0, len(id)-8):])
		}
	}
	return t.Flush()
}

// Write says what became of a plan that was applied. printable cleans texts of others for a terminal.
func (a Applied) Write(w io.Writer, printable func(string) string) (err error) {
	if a.Serial == a.Before {
		_, err = fmt.Fprintf(w, "the plan says this already: serial %d\n", a.Serial)
		return err
	}
	_, err = fmt.Fprintf(w, "plan %d: %s, told to %s that %s heard of late; the others take it when they come\n",
		a.Serial, bench.Many(a.Jobs, "job"), bench.Many(a.Connect, "place"), bench.Form(a.Connect, "was", "were"))
	if a.Config != "" && err == nil {
		_, err = fmt.Fprintf(w, "the hub reads %s again when it is started or gets SIGHUP, and then that is the plan\n",
			printable(a.Config))
	}
	return err
}

// Failed reports whether a place did not measure, or said nothing.
func (d Demand) Failed() bool {
	for _, r := range d.Results {
		if r.Error != "" || !r.Done {
			return true
		}
	}
	return false
}
