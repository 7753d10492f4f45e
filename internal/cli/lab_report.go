package cli

import (
	"fmt"

	"rtcbench/internal/keep"
	"rtcbench/internal/lab"
	"rtcbench/internal/lab/analysis"
)

// tell prints and writes what the router did. The command's own failure counts for more than one of these.
func (cmd labRunCmd) tell(a *app, s lab.Scenario, log lab.Log, heard map[uint32]bool, file string, runErr error) error {
	var kept []error
	if cmd.Packets != "" {
		kept = append(kept, keep.WriteTo(cmd.Packets, "the packets", log.WriteCSV))
	}
	run, err := analysis.ReadRun(file)
	if err == nil && run.Start.Before(log.Start) {
		err = fmt.Errorf("%s is of an earlier run: this one has written none", file)
	}
	switch {
	case err != nil && runErr == nil:
		kept = append(kept, err)
	case err == nil:
		held := analysis.NewReport(s, cmd.Seed, log, run, heard)
		analysis.WriteText(a.stdout, held)
		if cmd.Report != "" {
			kept = append(kept, keep.WriteTo(cmd.Report, "the lab's report", held.WriteJSON))
		}
	}
	if err := join(kept...); err != nil && runErr == nil {
		return exitError{exitNotKept, err}
	} else if err != nil {
		fmt.Fprintf(a.stderr, "rtcbench: %v\n", err)
	}
	return runErr
}
