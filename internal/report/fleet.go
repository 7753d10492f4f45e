package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rtcbench/bench"
)

// originText says where a run of a fleet came from.
func originText(o *bench.Origin) string {
	said := []string{"place " + Printable(o.Place)}
	if o.Job != "" {
		said = append(said, fmt.Sprintf("job %s of plan %d, slot %s", Printable(o.Job), o.Plan,
			o.Slot.UTC().Format("15:04:05 UTC")))
	}
	if !o.Received.IsZero() {
		said = append(said, "at the hub "+o.Received.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	if o.Offset != nil && o.Bound != nil {
		said = append(said, fmt.Sprintf("its clock %+.1f ms ± %.1f", *o.Offset, *o.Bound))
	}
	return strings.Join(said, "; ")
}

// fleetColumns are the names of the cells of a line of CSV.
var fleetColumns = []string{"place", "plan", "job", "slot", "received", "clock_offset_ms", "clock_bound_ms"}

// fleetCells are empty where a run is of no fleet.
func fleetCells(o *bench.Origin, number func(float64) string) []string {
	cells := make([]string, len(fleetColumns))
	if o == nil {
		return cells
	}
	cells[0], cells[2] = Escaped(o.Place), Escaped(o.Job)
	if o.Plan > 0 {
		cells[1] = strconv.FormatUint(o.Plan, 10)
	}
	for i, t := range []time.Time{o.Slot, o.Received} {
		if !t.IsZero() {
			cells[3+i] = number(unix(t))
		}
	}
	for i, ms := range []*float64{o.Offset, o.Bound} {
		if ms != nil {
			cells[5+i] = number(*ms)
		}
	}
	return cells
}
