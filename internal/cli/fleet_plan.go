package cli

import (
	"errors"
	"fmt"
	"net/http"
	"os"

	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/report"
	"rtcbench/internal/settings"
)

type fleetPlanCmd struct {
	Check fleetPlanCheckCmd `cmd:"" help:"Say what a file would have run where, what it costs a day, and what is wrong with it."`
	Apply fleetPlanApplyCmd `cmd:"" help:"Make a file the plan of the fleet: signed, with a higher serial."`
}

type fleetPlanCheckCmd struct {
	File string `arg:"" help:"The file, as rtcbench hub --config takes it." completion-predictor:"file"`
	JSON bool   `name:"json" group:"out" help:"Print JSON."`
	fleetFlags
}

// Help is shown by --help below the flags' summary.
func (fleetPlanCheckCmd) Help() string {
	return `The hub reads the file, with its own environment for ${NAME}, and changes nothing. Where no hub is named ` +
		`and none has worked on this machine, the file alone is checked.`
}

// Run prints the forecast.
func (cmd *fleetPlanCheckCmd) Run(a *app) error {
	source, err := sourceOf(cmd.File)
	if err != nil {
		return err
	}
	var f hub.Forecast
	c := settings.Check{Sources: a.settings}
	if dir := cmd.dir(&c); c.Err == nil && cmd.Hub == "" && hub.Public(dir) == "" {
		o, err := fleetOrders().Source(source)
		if err != nil {
			return err
		}
		f = hub.ForecastOf(o, nil)
	} else if err := wrong(cmd.ask(a, http.MethodPost, "/admin/plan/check", source, &f)); err != nil {
		return err
	}
	if cmd.JSON {
		return writeJSON(a, f)
	}
	return f.Write(a.stdout, report.Printable)
}

type fleetPlanApplyCmd struct {
	File string `arg:"" help:"The file, as rtcbench hub --config takes it." completion-predictor:"file"`
	fleetFlags
}

// Help is shown by --help below the flags' summary.
func (fleetPlanApplyCmd) Help() string {
	return `The hub reads the file, with its own environment for ${NAME}: keys of platforms need not leave it. It ` +
		`signs the plan and tells the runners; a file with a mistake changes nothing. The hub goes on with the plan ` +
		`when it is started again, unless it is started with --config.`
}

// Run applies the file.
func (cmd *fleetPlanApplyCmd) Run(a *app) error {
	source, err := sourceOf(cmd.File)
	if err != nil {
		return err
	}
	var done hub.Applied
	if err := wrong(cmd.ask(a, http.MethodPost, "/admin/plan/apply", source, &done)); err != nil {
		return err
	}
	if done.Serial == done.Before {
		fmt.Fprintf(a.stdout, "the plan says this already: serial %d\n", done.Serial)
		return nil
	}
	fmt.Fprintf(a.stdout, "plan %d: %d job(s), told to %d place(s) that were heard of late; the others take it when "+
		"they come\n", done.Serial, done.Jobs, done.Connect)
	if done.Config != "" {
		fmt.Fprintf(a.stderr, "rtcbench: the hub reads %s again when it is started or gets SIGHUP, and then that is "+
			"the plan\n", report.Printable(done.Config))
	}
	return nil
}

func sourceOf(file string) (hub.Source, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return hub.Source{}, usagef("read the plan: %w (docs/fleet.md shows one)", err)
	}
	return hub.Source{Name: file, Text: string(data)}, nil
}

// wrong is a hub's no to a plan as an error of whoever wrote it.
func wrong(err error) error {
	var no *call.RefusedError
	if errors.As(err, &no) && no.Status == http.StatusUnprocessableEntity {
		return usagef("%s", no.Reason)
	}
	return err
}
