package cli

import (
	"errors"
	"net/http"

	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/orders"
	"rtcbench/internal/report"
	"rtcbench/internal/settings"
)

type fleetPlanCmd struct {
	Check fleetPlanCheckCmd `cmd:"" help:"Say what a file would have run where, what it costs a day, and what is wrong with it."`
	Apply fleetPlanApplyCmd `cmd:"" help:"Make a file the plan of the fleet: signed, with a higher serial."`
}

type fleetPlanCheckCmd struct {
	File string `arg:"" help:"The file, as rtcbench hub --config takes it." completion-predictor:"file"`
	fleetFlags
}

// Help is shown by --help below the flags' summary.
func (fleetPlanCheckCmd) Help() string {
	return `The hub reads the file, with its own environment for ${NAME}, and changes nothing. Where no hub is named ` +
		`and none has worked on this machine, the file alone is checked.`
}

// Run prints the forecast.
func (cmd *fleetPlanCheckCmd) Run(a *app) error {
	source, err := orders.SourceOf(cmd.File)
	if err != nil {
		return err
	}
	var f hub.Forecast
	c := settings.Check{Sources: a.settings}
	if dir := cmd.dir(&c); c.Err == nil && cmd.Hub == "" && hub.Public(dir) == "" {
		var o hub.Orders
		o, err = fleetOrders().Source(source)
		f = hub.ForecastOf(o, nil)
	} else {
		err = wrong(cmd.ask(a, http.MethodPost, "/admin/plan/check", source, &f))
	}
	if err != nil {
		return err
	}
	return f.Write(a.stdout, report.Printable)
}

type fleetPlanApplyCmd struct {
	File string `arg:"" help:"The file, as rtcbench hub --config takes it." completion-predictor:"file"`
	fleetFlags
}

// Help is shown by --help below the flags' summary.
func (fleetPlanApplyCmd) Help() string {
	return `The hub reads the file, with its own environment for ${NAME}; a file with a mistake changes nothing. ` +
		`It goes on with the plan when it is started again, unless it is started with --config.`
}

// Run applies the file.
func (cmd *fleetPlanApplyCmd) Run(a *app) error {
	source, err := orders.SourceOf(cmd.File)
	if err != nil {
		return err
	}
	var done hub.Applied
	if err := wrong(cmd.ask(a, http.MethodPost, "/admin/plan/apply", source, &done)); err != nil {
		return err
	}
	return done.Write(a.stdout, report.Printable)
}

// wrong turns a hub's refusal of a plan into a usage error, for whoever wrote the plan.
func wrong(err error) error {
	var no *call.RefusedError
	if errors.As(err, &no) && no.Status == http.StatusUnprocessableEntity {
		return usagef("%s", no.Reason)
	}
	return err
}
