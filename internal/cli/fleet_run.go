package cli

import (
	"fmt"
	"net/http"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/report"
	"rtcbench/internal/settings"
)

type fleetRunCmd struct {
	Job   string   `arg:"" help:"A job of the plan."`
	Where []string `group:"what" placeholder:"KEY=VALUE" help:"Of the places that the job is for, those with this label, as region=eu or name=fra-1; may be repeated."`
	fleetFlags
}

// Help is shown by --help below the flags' summary.
func (fleetRunCmd) Help() string {
	return `The command waits, shows what came, and fails where a place did not measure.`
}

// Run orders the runs, and waits for them.
func (cmd *fleetRunCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	o := hub.RunOrder{Job: cmd.Job, Where: fleet.Where{}}
	for _, l := range cmd.Where {
		key, value := c.Pair("where", l)
		o.Where[key] = append(o.Where[key], value)
	}
	var d hub.Demand
	if c.Err == nil {
		c.Err = wrong(cmd.ask(a, http.MethodPost, "/admin/run", o, &d))
	}
	for c.Err == nil && d.Waits() {
		c.Err = cmd.ask(a, http.MethodGet, fmt.Sprintf("/admin/run/%s?seen=%d", d.ID, d.Done()), nil, &d)
	}
	if c.Err != nil {
		return c.Err
	}
	if err := d.Write(a.stdout, report.Printable); err != nil || !d.Failed() {
		return err
	}
	return exitError{exitFailed, silent{}}
}
