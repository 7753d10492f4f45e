package cli

import (
	"fmt"
	"io"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/commandline/hints"
	"rtcbench/internal/keep"
	"rtcbench/internal/measure"
	"rtcbench/internal/pictures"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/progress"
	"rtcbench/internal/report"
	"rtcbench/internal/settings"
	"rtcbench/internal/turn"
)

type turnCmd struct {
	Livekit turnLivekitCmd `cmd:"" help:"Call an agent in a LiveKit room; without --server-url, one of ours, in a server inside this process."`
	Daily   turnDailyCmd   `cmd:"" help:"Call whoever is in a Daily room, or an agent whose starter makes one."`
}

// turnKeepFlags are keepFlags without the flags about a voice: an agent speaks with its own.
type turnKeepFlags struct {
	flags.OutputGroup
	flags.StoreGroup
	flags.LimitGroup
}

func (f turnKeepFlags) kept() keepFlags {
	return keepFlags{OutputGroup: f.OutputGroup, StoreGroup: f.StoreGroup, LimitGroup: f.LimitGroup}
}

// turnCommands are the names of the jobs that call an agent.
var turnCommands = []string{"turn livekit", "turn daily"}

// calling is a command that calls an agent.
type calling interface {
	measuring
	job(c *settings.Check) (measure.TurnJob, []string)
	Talk() flags.TurnGroup
}

type turnLivekitCmd struct {
	flags.LivekitGroup
	Agent string `from:"RTCBENCH_TURN_AGENT" group:"where" placeholder:"NAME" help:"Agent to call: it is dispatched into a room of this call's own, with an API key."`
	Delay string `from:"RTCBENCH_TURN_DELAY" group:"where" default:"800ms" placeholder:"800ms" help:"How long the sandbox's own agent takes to answer."`
	flags.TurnGroup
	turnKeepFlags

	Lab string `from:"RTCBENCH_LAB" hidden:"" help:"The scenario that this is measured in."`
}

// Help is shown by --help below the flags' summary.
func (turnLivekitCmd) Help() string {
	return `Places a synthetic call: joins a room, speaks, listens, and says how long the answers took, from the ` +
		`caller's last audible sample to the agent's first, in the audio that the caller receives. Without ` +
		`--server-url it calls an agent of ours whose delay is known, in a server inside this process: that shows ` +
		`the tool, and its own error.

Examples:

  rtcbench turn livekit
      everything on this machine, nothing to set up

  rtcbench turn livekit -s wss://my.livekit.cloud --api-key KEY --api-secret SECRET --agent my-agent
      a real agent, which may cost money: it is dispatched into a fresh room

  rtcbench turn livekit -s wss://my.livekit.cloud -t TOKEN --record call.wav
      whoever is in the token's room, or the agent that the token's configuration sends

  rtcbench turn livekit --script barge-in.txt
      line by line: say long, interrupt after 400 ms, silence 2 s, say short, wait for reply

What is measured, and how far to trust it: docs/turn.md.`
}

// Run calls the agent.
func (cmd *turnLivekitCmd) Run(a *app) error { return a.calls(cmd) }

// calls carries out a command that calls an agent.
func (a *app) calls(cmd calling) error {
	c := settings.Check{Sources: a.settings}
	f, k := cmd.Talk(), cmd.kept()
	stores := k.Stores(&c, ours)
	job, doubts := cmd.job(&c)
	k.LimitGroup.Check(&c)
	k.VoiceGroup.Check(&c)
	k.OutputGroup.Check(&c, stores, f.Reads(), f.Files()...)
	if err := turn.CanWrite(f.Record); err != nil && c.Err == nil {
		c.Err = usagef("%s: %w", c.Name("record"), err)
	}
	if c.Err != nil {
		return c.Err
	}
	job.Asked, job.ShowAddresses = k.Limits().Asked(), k.ShowAddresses
	for _, doubt := range doubts {
		fmt.Fprintf(a.stderr, "rtcbench: %s\n", doubt)
	}
	if !job.Here && job.Lab.Name == "" {
		fmt.Fprintf(a.stderr, "rtcbench: this calls a real agent, and speaks with it: %s in %s, which may cost "+
			"money\n", bench.Many(job.Plan.Count, "turn"), bench.Many(job.Calls, "call"))
	}
	if job.Engine == bench.Browser {
		cmd.chrome().SayAloud(a.stderr, ours)
	}
	return a.turn(f, k, cmd.chrome(), job, stores)
}

// sides implements measuring, for callers that only ask what a job is.
func (cmd *turnLivekitCmd) sides(c *settings.Check) []side {
	job, doubts := cmd.job(c)
	return []side{{job: job.Job, doubts: doubts}}
}

// chrome implements measuring: this command needs no browser.
func (cmd *turnLivekitCmd) chrome() flags.ChromeGroup { return flags.ChromeGroup{} }

// job is what the flags ask for.
func (cmd *turnLivekitCmd) job(c *settings.Check) (job measure.TurnJob, doubts []string) {
	var hasServer bool
	job.Platform = livekit.Platform.Name
	job.Place, doubts, hasServer = cmd.Place(c, bench.Speaker, bench.Turn)
	job.Place.Agent, job.Here = c.Label("agent", cmd.Agent, 256), !hasServer
	if job.Here {
		job.Own = &turn.Agent{Delay: cmd.AnswersAfter(c), Greets: true}
	}
	job.Lab = measure.Lab{Name: cmd.Lab}
	cmd.Plan(c, &job)
	doubts = append(doubts, flags.Act(c, flags.IdleInTurns(c, job), cmd.Idle())...)
	if c.Err == nil && !job.Here && job.Place.Token == "" && cmd.Agent == "" && job.Place.Room == "" {
		c.Err = usagef("nobody is named to be called: give --agent NAME, --room NAME of a running call, or a token " +
			"of a room")
	}
	return job, doubts
}

// AnswersAfter is how long an agent of ours takes to answer (--delay).
func (cmd *turnLivekitCmd) AnswersAfter(c *settings.Check) time.Duration {
	return c.Millis("delay", cmd.Delay, turn.LeastDelay, time.Minute)
}

// turn carries out a job of turns, and keeps what it measured.
func (a *app) turn(f flags.TurnGroup, k keepFlags, chrome flags.ChromeGroup, job measure.TurnJob,
	stores keep.Stores) error {
	told := 0
	env, log := a.env(chrome), k.Logger(a.stderr)
	env.Watch = k.Watched(ours)
	run, err := measure.Turns(a.ctx, job, env, func(t turn.Turn) {
		progress.LogTurn(log, t.TurnFact)
		if told++; !k.Quiet {
			fmt.Fprintf(a.stderr, "turn %d of %d: %s\n", told, job.Plan.Count, report.Turn(t.TurnFact))
		}
	})
	var written []error
	if run.ID != "" && job.Recording != nil {
		written = append(written, keep.WriteTo(f.Record, "the recording", func(w io.Writer) error {
			return job.Recording.Write(w, f.Record)
		}))
	}
	if run.ID != "" && f.Strips != "" {
		written = append(written, keep.WriteTo(f.Strips, "the picture of the turns", func(w io.Writer) error {
			return pictures.Strips(w, f.Strips, run)
		}))
	}
	return a.wrote(a.finish(k, []bench.Run{run}, []error{hints.OfOneEngine(err)}, stores), written)
}
