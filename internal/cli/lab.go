package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/keep"
	"rtcbench/internal/lab"
	"rtcbench/internal/lab/analysis"
	"rtcbench/internal/lab/stage"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

type labCmd struct {
	List   labListCmd   `cmd:"" help:"List the scenarios that come with the lab."`
	Show   labShowCmd   `cmd:"" help:"Print a scenario's file: its numbers, and where they come from."`
	Run    labRunCmd    `cmd:"" help:"Measure inside a scenario, and hold the result against what the router did to each packet."`
	Serve  labServeCmd  `cmd:"" hidden:"" help:"The server of a lab."`
	Answer labAnswerCmd `cmd:"" hidden:"" help:"The voice agent of a lab."`
	Enter  labEnterCmd  `cmd:"" hidden:"" help:"Become a command in a place of a lab."`
	Busy   labBusyCmd   `cmd:"" hidden:"" help:"Keep a processor from going to sleep."`
}

type labListCmd struct{}

// Run lists the scenarios.
func (labListCmd) Run(a *app) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, name := range lab.Shipped() {
		s, err := lab.LoadScenario(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\n", name, s.About)
	}
	return w.Flush()
}

type labShowCmd struct {
	Scenario string `arg:"" help:"One that rtcbench lab list names."`
}

// Run prints a scenario.
func (cmd labShowCmd) Run(a *app) error {
	if _, err := loadScenario(cmd.Scenario); err != nil {
		return err
	}
	text, err := lab.Text(cmd.Scenario)
	if err != nil {
		return usagef("%s is a file of yours", cmd.Scenario)
	}
	_, err = a.stdout.Write(text)
	return err
}

// loadScenario gives the scenario of that name, or of the file of that path.
func loadScenario(name string) (lab.Scenario, error) {
	ext := filepath.Ext(name)
	if ext != ".yaml" && ext != ".yml" && !slices.Contains(lab.Shipped(), name) {
		return lab.Scenario{}, usagef("no scenario %s comes with the lab; there are %s, or the path of a .yaml file",
			settings.ShownName(name),
			strings.Join(lab.Shipped(), ", "))
	}
	s, err := lab.LoadScenario(name)
	if err != nil {
		err = usagef("%w", err)
	}
	return s, err
}

type labRunCmd struct {
	Alternate string   `group:"what" placeholder:"2s" help:"Take the network away in every other stretch so long: what the instrument adds is then known for the same seconds."`
	Seed      uint64   `group:"what" default:"1" placeholder:"1" help:"The same seed gives the same packets the same fates."`
	Report    string   `group:"out" placeholder:"FILE" help:"Write what was injected, ping by ping, and the router's own precision as JSON." completion-predictor:"file"`
	Packets   string   `group:"out" placeholder:"FILE" help:"Write the router's log of every packet as CSV." completion-predictor:"file"`
	Scenario  string   `arg:"" optional:"" help:"One that rtcbench lab list names, or a file of yours that ends in .yaml." completion-predictor:"file"`
	Command   []string `arg:"" optional:"" passthrough:"" help:"After --: livekit, turn livekit or turn daily, and its flags."`
}

// Help is shown by --help below the flags' summary.
func (labRunCmd) Help() string {
	return `Three network namespaces, the runner's, the server's and the echo's, and a router in user space ` +
		`that carries every packet between them: this program, the server and, with --engine browser, Chromium run ` +
		`in it as they are. Needs Linux and root. All of it ends with the command, however that ends.

The command is livekit, turn livekit or turn daily, with its flags; server (of Daily a stand-in), room, and echo or ` +
		`agent are the lab's. Its runs are kept in no store unless --store names one.

Examples:

  rtcbench lab run transatlantic -- livekit -n 300

  rtcbench lab run lossy-wifi -- livekit --channel lossy --engine browser

  rtcbench lab run transatlantic -- turn livekit
      to a voice agent of ours, whose answers are known

  rtcbench lab run ./mine.yaml --report lab.json -- livekit -o result.json

Exit codes: those of the command; 2 no such scenario, 1 no lab here.`
}

// Run builds the lab, runs the command in it and tells what was injected.
func (cmd labRunCmd) Run(a *app) error {
	if cmd.Scenario == "" {
		return usagef("lab run: name a scenario (rtcbench lab list) and, after --, what to run in it: rtcbench lab " +
			"run transatlantic -- livekit")
	}
	scenario, err := loadScenario(cmd.Scenario)
	if err != nil {
		return err
	}
	if cmd.Alternate != "" {
		c := settings.Check{Sources: a.settings}
		if scenario.Alternate = c.Millis("alternate", cmd.Alternate, 500*time.Millisecond, time.Minute); c.Err != nil {
			return c.Err
		}
	}
	args := cmd.Command
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	play, err := cmd.asked(a, scenario, args)
	if err != nil {
		return err
	}
	played, err := play.Do(a.ctx)
	if err != nil {
		return err
	}
	return cmd.tell(a, played)
}

// asked reads the command line that is to run in the lab.
func (cmd labRunCmd) asked(a *app, scenario lab.Scenario, args []string) (play stage.Play, err error) {
	name := strings.Join(args[:min(1, len(args))], "")
	if name == "turn" {
		name = strings.Join(args[:min(2, len(args))], " ")
	}
	calls := slices.Contains(turnCommands, name)
	switch {
	case name == "":
		return play, usagef("lab run %s: what runs in the lab is livekit and its flags, after --: rtcbench lab run %s "+
			"-- livekit", scenario.Name, cmd.Scenario)
	case !calls && name != livekit.Platform.Name:
		return play, usagef("lab run %s: what runs in the lab is livekit, turn livekit or turn daily, and its flags, "+
			"after --, not %s", scenario.Name, settings.Shown(name, jobCommands...))
	}
	var asked commands
	set, err := parseInto(&asked, args)
	switch {
	case err != nil:
		return play, usagef("in the lab: %w", err)
	case set == nil:
		return play, exitError{Main(args, a.stdout, a.stderr), silent{}}
	}
	for _, flag := range stage.Names {
		if set.Rank(flag) == settings.ByFlag {
			return play, usagef("in the lab: --%s: server, room, echo and agent are the lab's; leave it out", flag)
		}
	}
	play = stage.Play{Scenario: scenario, Seed: cmd.Seed, Command: args, Output: asked.Livekit.Output,
		Environ: os.Environ(), NoStore: a.settings.Get("RTCBENCH_STORE") == "", Stdout: a.stdout, Stderr: a.stderr}
	if set.Rank("connect-timeout") == settings.ByFlag { // the echo or agent joins over the same network
		play.Within = asked.Livekit.ConnectTimeout
	}
	talk, c, job := asked.Turn.Livekit.TurnGroup, settings.Check{Sources: set}, measure.TurnJob{}
	switch name {
	case turnCommands[0]:
		play.Delay, play.Output = asked.Turn.Livekit.AnswersAfter(&c), asked.Turn.Livekit.Output
	case turnCommands[1]:
		page := asked.Turn.Daily
		talk, play.Output, play.Chrome = page.TurnGroup, page.Output, page.ChromeGroup.Args()
		play.Platform = daily.Platform.Name
	}
	play.Output = cmp.Or(play.Output, a.settings.Get("RTCBENCH_OUTPUT"))
	if slices.Contains(append(talk.Reads(), play.Output), "-") {
		return play, usagef("in the lab: -: the lab reads the result, and what is said, itself; name a file")
	}
	if calls {
		if talk.Plan(&c, &job); c.Err != nil {
			return play, usagef("in the lab: %w", c.Err)
		}
		play.Within, play.Said = job.Within.String(), job.Utterances
	}
	return play, flags.Writable(&settings.Check{Sources: a.settings}, keep.Stores{}, nil, append([]flags.File{
		{Flag: "output", Path: play.Output, As: flags.Result}, {Flag: "report", Path: cmd.Report, As: flags.Result},
		{Flag: "packets", Path: cmd.Packets, As: []string{"csv"}}}, talk.Files()...)...)
}

// endedInLab is the error with which lab run ends, for the way in which the command in the lab ended.
func (a *app) endedInLab(err error) error {
	var exit *exec.ExitError
	code, stopped := signals.ExitCode(a.ctx)
	switch {
	case errors.Is(err, lab.ErrNotPlayed):
		return a.stopped(err)
	case stopped: // however the command took the signal, which may have come before the command listened for it
		return exitError{code, silent{}}
	case errors.As(err, &exit) && exit.Exited():
		return exitError{exit.ExitCode(), silent{}}
	case err != nil:
		return fmt.Errorf("the command in the lab: %w", err)
	}
	return nil
}

// tell prints and writes what the router did. The command's own failure counts for more than an error of that.
func (cmd labRunCmd) tell(a *app, p stage.Played) error {
	ended := a.endedInLab(p.Ended)
	if p.Unwatched != nil {
		return join(ended, p.Unwatched)
	}
	var kept []error
	if cmd.Packets != "" {
		kept = append(kept, keep.WriteTo(cmd.Packets, "the packets", p.Log.WriteCSV))
	}
	switch {
	case p.NotTold != nil && ended == nil:
		kept = append(kept, p.NotTold)
	case p.NotTold == nil:
		analysis.WriteText(a.stdout, p.Report)
		if cmd.Report != "" {
			kept = append(kept, keep.WriteTo(cmd.Report, "the lab's report", p.Report.WriteJSON))
		}
	}
	return a.wrote(ended, kept)
}

type labBusyCmd struct{}

// Run spins until it is told to stop.
func (labBusyCmd) Run(a *app) error { return lab.KeepBusy(a.ctx) }

type labServeCmd struct{ Platform string }

// Run serves until it is told to stop.
func (cmd labServeCmd) Run(a *app) error {
	return stage.Serve(a.ctx, cmd.Platform, a.settings.Get, a.stderr)
}

type labAnswerCmd struct {
	Platform, Log  string
	Delay          time.Duration
	ConnectTimeout time.Duration `default:"30s"`
	flags.ChromeGroup
}

// Run answers until it is told to stop.
func (cmd labAnswerCmd) Run(a *app) error {
	return stage.Answerer{Platform: cmd.Platform, Browser: cmd.Options(ours), Get: a.settings.Get, Log: cmd.Log,
		Delay: cmd.Delay, Within: cmd.ConnectTimeout}.Serve(a.ctx, a.stderr)
}

type labEnterCmd struct {
	Command []string `arg:"" passthrough:""`
}

// Run replaces this process by the command.
func (cmd labEnterCmd) Run(*app) error { return stage.Enter(cmd.Command, os.Environ()) }
