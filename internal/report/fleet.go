package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rtcbench/bench"
)

// originText describes the origin of a run of a fleet.
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
		said = append(said, fmt.Sprintf("its clock %s ms ± %.1f", SignedDecimal(*o.Offset, 1), *o.Bound))
	}
	return strings.Join(said, "; ")
}

// fleetColumns are the columns about the fleet in a CSV file.
var fleetColumns = []string{"place", "plan", "job", "slot", "received", "clock_offset_ms", "clock_bound_ms"}

// fleetCells are the cells of fleetColumns; empty if the run is not from a fleet.
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
