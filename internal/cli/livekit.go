package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/echo"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/result"
	"rtcbench/internal/sandbox"
)

type livekitCmd struct {
	livekitFlags
	agentFlags
	AgentName string `name:"agent-name" from:"RTCBENCH_AGENT_NAME" group:"where" placeholder:"NAME" help:"Agent to dispatch as the echo, with an API key."`
	Timeout   string `from:"TIMEOUT_MS" group:"what" default:"5000" placeholder:"5000" help:"Milliseconds after which a pong is too late."`
	planFlags
	Channel string `from:"RTCBENCH_CHANNEL" group:"what" enum:"reliable,lossy" default:"reliable" placeholder:"reliable" help:"Data channel: reliable or lossy."`
	Engine  string `from:"RTCBENCH_ENGINE" group:"engine" enum:"native,browser" default:"native" placeholder:"native" help:"native (Go) or browser (livekit-client in Chromium)."`
	chromeFlags
	Echo string `from:"RTCBENCH_ECHO" group:"where" enum:"auto,local,remote" default:"auto" placeholder:"auto" help:"Who answers: local (this process, from a second seat), remote, or auto: local in a room of our own making."`

	Lab      string `from:"RTCBENCH_LAB" hidden:"" help:"The scenario that this is measured in."`
	LabClock string `from:"RTCBENCH_LAB_CLOCK" hidden:"" enum:"one,two" default:"two" help:"Whether the lab's echo has this machine's own clock."`

	outputFlags
	storeFlags
	limitFlags
}

// Help is shown by --help below the flags' summary.
func (livekitCmd) Help() string {
	return `Without --server-url a LiveKit server starts inside this process: that shows the tool, and measures this machine.

Examples:

  rtcbench livekit
      everything on this machine, nothing to set up

  rtcbench livekit -s wss://my.livekit.cloud --api-key KEY --api-secret SECRET
      from here to your server and back, nothing else to run

  rtcbench livekit -s wss://my.livekit.cloud -t TOKEN -n 600 -o result.json
      to whoever answers in the token's room: rtcbench echo, or the original agent

  rtcbench livekit --agent-url https://echo.example.com --agent-token TOKEN
      to an echo far away, in a room that its service makes for this run

  rtcbench livekit -s wss://my.livekit.cloud --api-key KEY --api-secret SECRET --agent-name livekit-echo
      to an agent that is registered under that name, as the original's is, in a room of this run's own

  rtcbench livekit --max-p95 150 --max-loss 1 --quiet
      for scripts: exit code 3 when the P95 is above 150 ms or more than 1 % fail

Exit codes: 0 measured, 1 could not measure or ended early, 2 wrong command line, 3 a limit was broken, 4 the output file or a store did not take the result, 130 after Ctrl-C (what was measured is kept).`
}

// Run measures.
func (cmd *livekitCmd) Run(a *app) error {
	c := check{settings: a.settings}
	keep := cmd.keeper(&c)
	job, err := cmd.prepare(&c)
	if err != nil {
		return err
	}
	if job.inSandbox {
		server, err := sandbox.Shared()
		if err != nil {
			return err
		}
		job.seats.url, job.seats.key.Key, job.seats.key.Secret = server.URL, server.Key, server.Secret
	}
	began := time.Now()
	leave, err := job.enter(a.ctx, a.stderr)
	if err != nil {
		return a.stopped(err)
	}
	defer leave()
	job.began = began
	job.seats.warn(a.stderr)
	log := a.logger(cmd.outputFlags)
	log.Info("joining", "room", job.seats.String())
	measure := job.measure
	if cmd.Engine == "browser" {
		cmd.sayAloud(a.stderr)
		measure = job.inBrowser(cmd.options()).measure
	}
	on, end := cmd.watch(a, log, job.plan)
	run, err := measure(a.ctx, on)
	end()
	if run == nil {
		return a.stopped(err)
	}
	run, err = job.describe(run, err)
	cmd.inLab(run)
	run.Location = cmd.Location
	loadFloors().put(run)
	return cmd.finish(a, *run, err, cmd.limitFlags, keep)
}

// inLab says of a run in rtcbench lab that it was, and that all places of a lab are on one machine's clock.
func (cmd *livekitCmd) inLab(run *bench.Run) {
	if cmd.Lab == "" {
		return
	}
	run.Doubts = append(run.Doubts, bench.Doubt{Code: "lab", Text: fmt.Sprintf("this is no real network: rtcbench lab played %q on this machine", cmd.Lab)})
	if cmd.LabClock == "one" {
		run.Clocks = bench.OneClock
	}
}

// validate is a validator's.
func (cmd *livekitCmd) validate(a *app) (inSandbox bool, err error) {
	c := check{settings: a.settings}
	cmd.keeper(&c)
	job, err := cmd.prepare(&c)
	return job.inSandbox, err
}

// livekitJob is the command line, understood.
type livekitJob struct {
	plan      bench.Plan
	within    time.Duration // for joining
	began     time.Time     // the joining, where a room was asked for first
	seats     seats
	inSandbox bool
	local     bool     // we answer
	service   *service // who gives the room; nil = it is known
	entered   bool     // it has given it

	agent      string            // who is dispatched as the echo; "" = nobody
	fresh      bool              // nobody else knows the room's name
	dispatched *livekit.Dispatch // nil = not yet
}

// enter asks the service, if there is one that was not asked yet, or dispatches the agent; leave is as that of enter.
func (job *livekitJob) enter(ctx context.Context, w io.Writer) (leave func(), err error) {
	if job.agent != "" {
		return job.dispatch(ctx, w)
	}
	if job.service == nil || job.entered {
		return func() {}, nil
	}
	in, leave, err := enter(ctx, w, job.service, "livekit", job.within)
	if err == nil {
		job.accept(in)
	}
	return leave, err
}

// accept takes the room that a service gave.
func (job *livekitJob) accept(in echo.Invitation) {
	job.entered = true
	job.seats = seats{url: result.CleanURL(in.Livekit.ServerURL), token: in.Livekit.Token}
}

// stopped is how a command ends that has nothing to show: by a signal, or for err.
func (a *app) stopped(err error) error {
	if code, ok := stopCode(a.ctx); ok {
		return exitError{code, errors.New("stopped before anything was measured")}
	}
	return err
}

func (cmd *livekitCmd) prepare(c *check) (job livekitJob, err error) {
	job.plan, job.within = cmd.plan(c, cmd.Timeout), cmd.connectTimeout(c, cmd.Engine == "browser")
	job.plan.Lossy = cmd.Channel == "lossy"
	job.service = cmd.service(c, map[string]string{"server-url": cmd.ServerURL, "token": cmd.Token, "api-key": cmd.APIKey})
	c.given(map[string]string{"agent-name": cmd.AgentName})
	job.agent = c.label("agent-name", cmd.AgentName, 256)
	if job.service == nil {
		var hasServer bool
		job.seats, hasServer = cmd.seats(c)
		job.inSandbox = !hasServer
		job.seats.life = longest(job.plan) + 10*time.Minute
		job.local = cmd.Echo == "local" || cmd.Echo == "auto" && job.seats.minted() && job.agent == ""
	}
	cmd.limitFlags.check(c)
	switch {
	case c.err != nil:
	case job.agent != "":
		c.err = cmd.mayDispatch(c, &job)
	case job.service != nil:
		if cmd.Echo == "local" {
			c.err = usagef("%s local: the echo service answers; leave out --echo, or %s", c.name("echo"), c.name("agent-url"))
		}
	case cmd.Echo == "remote" && job.inSandbox:
		c.err = usagef("%s remote: nobody else is in the sandbox; name a server with --server-url", c.name("echo"))
	case cmd.Echo == "local" && !job.seats.minted():
		c.err = usagef("%s local: a token is one participant, and the echo is a second; give --api-key and --api-secret, or start rtcbench echo", c.name("echo"))
	case cmd.Echo == "remote" && job.seats.minted() && job.seats.room == "":
		c.err = usagef("%s remote: a fresh room has no echo in it; name its room with --room", c.name("echo"))
	}
	if job.service == nil && job.seats.minted() && job.seats.room == "" {
		job.seats.room, job.fresh = identity("room"), true
	}
	if c.err == nil {
		c.err = cmd.outputFlags.check(c)
	}
	return job, c.err
}

// measure joins, with an echo of our own if need be, and carries out the plan. The run is nil
// when the room was not joined; otherwise it is what was measured, also with an error.
func (job *livekitJob) measure(ctx context.Context, on func(bench.Sample)) (*bench.Run, error) {
	clock := newClock()
	opts := bench.JoinOptions{ReconnectTimeout: job.plan.ReconnectTimeout, Lossy: job.plan.Lossy}
	echoName := identity("echo")
	echoDone, echoReady := make(chan error, 1), make(chan struct{}, 1)
	if job.local {
		answering, stop := context.WithCancel(ctx)
		go func() { echoDone <- job.answer(answering, echoName, clock, echoReady) }()
		defer func() { stop(); <-echoDone }()
	}
	session, err := job.seats.join(ctx, identity("runner"), limit{job.within, job.began}, opts)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	if job.local {
		select {
		case <-echoReady:
		case err := <-echoDone:
			echoDone <- nil
			return nil, err
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	plan := job.plan
	if job.local {
		plan.Echo = echoName // another echo in the room is on another clock
	}
	run, err := bench.NewProber(session, clock).Probe(ctx, plan, on)
	run.Echo.Mode = "remote"
	if job.local {
		run.Echo.Mode, run.Clocks = "local", bench.OneClock
	}
	return &run, err
}

// describe says what a run was made on, and what to do about an echo that is not there.
func (job *livekitJob) describe(run *bench.Run, err error) (*bench.Run, error) {
	if run == nil {
		return nil, err
	}
	switch {
	case !errors.Is(err, bench.ErrNoEcho):
	case job.dispatched != nil:
		asking, cancel := context.WithTimeout(context.Background(), leaveTimeout)
		err = fmt.Errorf("join %s: %w (%s)", job.seats, err, job.dispatched.Fate(asking))
		cancel()
		run.Err = err
	case job.service == nil:
		err = fmt.Errorf("join %s: %w (start one: rtcbench echo --server-url %s%s)", job.seats, err, result.CleanURL(job.seats.url), job.echoFlags())
		run.Err = err
	}
	run.Platform, run.RoomURL = "livekit", job.seats.url
	if job.inSandbox {
		run.Doubts = append(run.Doubts, bench.Doubt{Code: bench.SandboxDoubt, Text: "this measures this machine, not a network: the LiveKit server runs inside this process"})
	}
	return run, err
}

// inBrowser is the same job by livekit-client in Chromium.
func (job *livekitJob) inBrowser(o browser.Options) *browserJob {
	o.Rooms = append(o.Rooms, browser.JoinConfig{Platform: "livekit", URL: job.seats.url})
	return &browserJob{
		options: o, plan: job.plan, within: job.within, began: job.began, local: job.local, where: job.seats.String(),
		config: func(role string) (browser.JoinConfig, error) {
			room, err := job.seats.take(identity(role))
			return browser.JoinConfig{Platform: "livekit", URL: room.URL, Token: room.Token, Lossy: job.plan.Lossy}, err
		},
	}
}

func (job *livekitJob) echoFlags() string {
	if job.seats.minted() {
		return " --api-key KEY --api-secret SECRET --room " + job.seats.room
	}
	return " --token TOKEN, with another token for the same room"
}

// answer is the local echo: a second seat in the room, in this process, on the same clock.
func (job *livekitJob) answer(ctx context.Context, name string, clock bench.Clock, ready chan<- struct{}) error {
	return echo.Serve(ctx, echo.Seat{
		Join: func(ctx context.Context) (bench.Session, error) {
			opts := bench.JoinOptions{ReconnectTimeout: echo.Patience, Lossy: job.plan.Lossy}
			return job.seats.join(ctx, name, limit{within: job.within}, opts)
		},
		Clock: clock, Within: job.within,
		Ready: func(bench.Session) {
			select {
			case ready <- struct{}{}:
			default:
			}
		},
		Lost: func(error) {},
	})
}
