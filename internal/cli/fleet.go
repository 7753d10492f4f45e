package cli

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/report"
	"rtcbench/internal/result"
	"rtcbench/internal/settings"
)

type fleetCmd struct {
	Token  fleetTokenCmd  `cmd:"" help:"Make a token that lets a runner join."`
	Ls     fleetLsCmd     `cmd:"" help:"List the places: who is well, who is silent since when."`
	Show   fleetShowCmd   `cmd:"" help:"Show all that the hub knows of a place, as JSON."`
	Revoke fleetRevokeCmd `cmd:"" help:"Throw a place out of the fleet, at once."`
	Pause  fleetPauseCmd  `cmd:"" help:"Let a place measure nothing for now."`
	Resume fleetResumeCmd `cmd:"" help:"Let a place measure again."`
	Run    fleetRunCmd    `cmd:"" help:"Have places do a job of the plan now, and show what came of it."`
	Plan   fleetPlanCmd   `cmd:"" help:"Check what the places are to measure, or change it."`
}

// fleetFlags say which hub is asked.
type fleetFlags struct{ flags.HubGroup }

// dir is the folder of this machine's hub.
func (f fleetFlags) dir(c *settings.Check) string { return flags.HubFolder(f.DataDir, c, ours) }

// ask sends a request to the hub, and reads the answer into into.
func (f fleetFlags) ask(a *app, method, path string, body, into any) error {
	h, err := f.Centre(&settings.Check{Sources: a.settings}, ours, proxyOf)
	if err != nil {
		return err
	}
	return h.Do(a.ctx, method, path, body, into)
}

type fleetTokenCmd struct {
	Uses    string `default:"1" placeholder:"1" group:"what" help:"How many runners may join with it."`
	For     string `default:"1h" placeholder:"1h" group:"what" help:"How long it is good for."`
	Replace bool   `group:"what" help:"A runner may take a name that another has, which is then thrown out: for containers that begin anew."`
	fleetFlags
}

// Run prints the token, and how a runner uses it.
func (cmd *fleetTokenCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	o := hub.TokenOrder{Uses: c.Number("uses", cmd.Uses, 1, hub.MaxUses),
		Life: c.Millis("for", cmd.For, time.Second, hub.MaxLife), Replace: cmd.Replace}
	if c.Err != nil {
		return c.Err
	}
	var made hub.TokenMade
	if err := cmd.ask(a, http.MethodPost, "/admin/tokens", o, &made); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, made.Token)
	at := cmp.Or(cmd.Hub, hub.Public(cmd.dir(&c)))
	fmt.Fprintf(a.stderr, "for %s, until %s; there: rtcbench runner --hub %s --join TOKEN --location NAME\n",
		bench.Many(o.Uses, "runner"), made.Expires.Format(time.RFC3339), at)
	return nil
}

type fleetLsCmd struct {
	JSON bool `name:"json" group:"out" help:"Print JSON."`
	fleetFlags
}

// Help is shown by --help below the flags' summary.
func (fleetLsCmd) Help() string {
	return `A runner says hello every 30 s; one that has said none for 90 s is silent, and stands first.`
}

// Run prints the places.
func (cmd *fleetLsCmd) Run(a *app) error {
	var o hub.Overview
	if err := cmd.ask(a, http.MethodGet, "/admin/members", nil, &o); err != nil {
		return err
	}
	if cmd.JSON {
		return result.WriteJSON(a.stdout, o)
	}
	return o.WriteTable(a.stdout, report.Printable)
}

// onePlace names one place of a fleet, and the hub that is asked about it.
type onePlace struct {
	Name string `arg:"" help:"The place."`
	fleetFlags
}

type fleetShowCmd struct{ onePlace }

// Run prints one place.
func (cmd *fleetShowCmd) Run(a *app) error {
	var o hub.Overview
	if err := cmd.ask(a, http.MethodGet, "/admin/members", nil, &o); err != nil {
		return err
	}
	for _, s := range o.Places {
		if s.Name == cmd.Name {
			return result.WriteJSON(a.stdout, s)
		}
	}
	return fmt.Errorf("no place called %s has joined", settings.ShownName(cmd.Name))
}

type fleetRevokeCmd struct{ onePlace }

// Run removes a place from the fleet.
func (cmd *fleetRevokeCmd) Run(a *app) error {
	path, err := memberPath(cmd.Name, "revoke")
	if err == nil {
		err = cmd.ask(a, http.MethodPost, path, nil, new(fleet.Member))
	}
	if err == nil {
		fmt.Fprintf(a.stdout, "%s is out; its name is for a runner with a token of fleet token --replace\n", cmd.Name)
	}
	return err
}

func memberPath(name, what string) (string, error) {
	if !fleet.ValidName(name) {
		return "", usagef("a place is called %s, and not %s", fleet.NameRule, settings.ShownName(name))
	}
	return "/admin/members/" + name + "/" + what, nil
}

type fleetPauseCmd struct{ onePlace }

// Run pauses a place.
func (cmd *fleetPauseCmd) Run(a *app) error { return pause(a, cmd.fleetFlags, cmd.Name, true) }

type fleetResumeCmd struct{ onePlace }

// Run lets a paused place work again.
func (cmd *fleetResumeCmd) Run(a *app) error { return pause(a, cmd.fleetFlags, cmd.Name, false) }

func pause(a *app, f fleetFlags, name string, paused bool) error {
	path, err := memberPath(name, "pause")
	if err == nil {
		err = f.ask(a, http.MethodPost, path, map[string]bool{"paused": paused}, new(fleet.Member))
	}
	if err == nil {
		fmt.Fprintf(a.stdout, "%s %s, from its next hello on\n", name,
			map[bool]string{true: "measures nothing", false: "measures again"}[paused])
	}
	return err
}
