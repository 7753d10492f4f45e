// Package stage plays this program in a lab. A server, an echo or a voice agent, and the command that is measured are
// each a process of its own in its place. The package also compares the result with what the router and the echo wrote
// down.
package stage

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/lab"
	"rtcbench/internal/lab/analysis"
	"rtcbench/internal/lab/witness"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/sandbox"
	"rtcbench/internal/scratch"
	"rtcbench/internal/turn"
)

// Play is what is played in a lab.
type Play struct {
	Scenario lab.Scenario
	Seed     uint64
	Command  []string // a command line of this program, which measures
	Output   string   // the file that the command writes; "" = it names none, and is given one
	Within   string   // how long the command and the echo wait for their seats; "" = the default
	Environ  []string // of this process
	NoStore  bool     // the command keeps its runs in no store
	// The command calls a voice agent: one of ours answers, after Delay, in the place of the echo. Said are the
	// utterances of the call; nil = the command pings.
	Said     map[string]turn.Utterance
	Delay    time.Duration // 0 = the delay of the sandbox's agent
	Platform string        // whose server is played; "" = LiveKit's
	Chrome   []string      // flags that say which browser answers, where that platform needs one
	Stdout   io.Writer
	Stderr   io.Writer
}

// Played is what became of a Play.
type Played struct {
	Ended     error // how the command ended: lab.ErrNotPlayed, an *exec.ExitError, nil
	Log       lab.Log
	Report    analysis.Report
	NotTold   error // why there is no report: the command wrote no result
	Unwatched error // why nobody knows what the router and the echo did
}

// What the lab's own processes are called and given.
const (
	folder    = "lab" // what the folders of labs are called
	room      = "lab" // where runner and echo meet
	key       = "lab"
	port      = 7880
	udpPort   = 7882
	clockName = "RTCBENCH_LAB_ANCHOR"
	serverWas = "the server"

	usualDelay = 800 * time.Millisecond // of an agent's answer
)

// Ready is what Serve says when it serves, at URL.
const Ready = serverWas + " listens at "

// URL is where the server of a lab is found.
func URL() string { return fmt.Sprintf("ws://%s:%d", lab.SFU.Address(), port) }

// stage is a lab with processes in it.
type stage struct {
	Play
	network *lab.Network
	self    string
	dir     string // for their temporary files
	secret  string // of the lab's own server
}

// Do builds the lab, plays, and takes the lab down. The error says why nothing was played.
func (p Play) Do(ctx context.Context) (played Played, err error) {
	scratch.Sweep(folder, nil)
	dir, err := scratch.New(folder)
	if err != nil {
		return played, err
	}
	defer dir.Remove()
	self, err := os.Executable()
	if err != nil {
		return played, err
	}
	network, err := lab.Build(p.Scenario, p.Seed)
	if err != nil {
		return played, err
	}
	s := stage{Play: p, network: network, self: self, dir: dir.Path, secret: rand.Text() + rand.Text()}
	if s.Output == "" {
		s.Output = filepath.Join(s.dir, "result.json")
		s.Play.Command = append(slices.Clone(p.Command), "--output="+s.Output)
	}
	played.Ended = s.play(ctx)
	played.Log, played.Unwatched = network.Close()
	if played.Unwatched != nil {
		return played, nil
	}
	s.hold(&played)
	return played, nil
}

// hold compares what the command wrote with the logs of the router, the echo and the agent.
func (s stage) hold(played *Played) {
	heard, err := witness.Read(s.pingLog())
	if err != nil {
		played.Unwatched = err
		return
	}
	run, err := analysis.ReadRun(s.Output)
	if err == nil && run.Start.Before(played.Log.Start) {
		err = fmt.Errorf("%s is of an earlier run: this one has written none", s.Output)
	}
	if played.NotTold = err; err != nil {
		return
	}
	played.Report = analysis.NewReport(s.Scenario, s.Seed, played.Log, run, heard)
	if run.Turns != nil {
		var known []turn.Answered
		if known, played.Unwatched = answers(s.turnLog()); played.Unwatched == nil {
			played.Report.Turns, played.Unwatched = analysis.NewTurns(played.Log, run, known, s.Said)
		}
	}
}

// pingLog is where the echo writes which pings it was given.
func (s stage) pingLog() string { return filepath.Join(s.dir, "pings.log") }

// turnLog is where the agent writes what it answered.
func (s stage) turnLog() string { return filepath.Join(s.dir, "turns.json") }

// elsewhere are the beginnings of the variables that name another place than the lab.
var elsewhere = []string{"LIVEKIT_", "DAILY_", "TMPDIR=", "ECHO_AGENT_", "RTCBENCH_AGENT", "RTCBENCH_ROOM",
	"RTCBENCH_LISTEN", "RTCBENCH_HOST", "RTCBENCH_PORT", "RTCBENCH_DAILY_", "RTCBENCH_TURN_AGENT",
	"RTCBENCH_TURN_START_"}

// Names are the flags that name what the lab has of its own.
var Names = []string{"server-url", "token", "api-key", "api-secret", "room", "echo", "agent", "agent-url",
	"agent-token", "agent-name", "room-url", "start-url", "start-token", "start-body", "daily-bundle-url"}

// withoutElsewhere is environ without the variables that name another place than the lab.
func withoutElsewhere(environ []string) (kept []string) {
	for _, e := range environ {
		if !isElsewhere(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

func isElsewhere(variable string) bool {
	return slices.ContainsFunc(elsewhere, func(name string) bool { return strings.HasPrefix(variable, name) })
}

// Elsewhere gives a function that reports whether a variable of a file must not count in a lab, because it names
// another place. Outside a lab the function is nil. get reads a variable of this process.
func Elsewhere(get func(string) string) func(variable string) bool {
	if get("RTCBENCH_LAB") == "" {
		return nil
	}
	return isElsewhere
}

// command is this program in a place, with args.
func (s stage) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.self, append([]string{"lab", "enter"}, args...)...)
	cmd.Env = append(withoutElsewhere(s.Environ), "TMPDIR="+s.dir, "LIVEKIT_URL="+URL(),
		"LIVEKIT_API_KEY="+key, "LIVEKIT_API_SECRET="+s.secret, "RTCBENCH_ROOM="+room,
		clockName+"="+s.network.ClockReading())
	cmd.Env = append(cmd.Env, reachesDaily()...)
	return cmd
}

// play plays the command, with a server and an echo around it.
func (s stage) play(ctx context.Context) error {
	echo, ready := s.command("echo", "--log-pings="+s.pingLog()), "echo ready"
	whose := "--platform=" + s.Platform
	if s.Said != nil {
		echo = s.command(append([]string{"lab", "answer", whose, "--log=" + s.turnLog(),
			fmt.Sprintf("--delay=%v", cmp.Or(s.Delay, usualDelay))}, s.Chrome...)...)
		ready = agentReady
	}
	if s.Within != "" {
		echo.Args = append(echo.Args, "--connect-timeout="+s.Within)
	}
	runner := s.command(s.Command...)
	runner.Env = append(runner.Env, "RTCBENCH_ECHO=remote", "RTCBENCH_LAB="+s.Scenario.Name)
	if s.NoStore {
		runner.Env = append(runner.Env, "RTCBENCH_STORE=none")
	}
	if c := s.Scenario.EchoClock; c == (lab.Clock{}) {
		runner.Env = append(runner.Env, "RTCBENCH_LAB_CLOCK=one")
	} else if s.Said == nil { // turns are not measured by the agent's clock
		echo.Args = append(echo.Args, fmt.Sprintf("--clock-offset=%v", time.Duration(c.Offset)),
			fmt.Sprintf("--clock-skew=%v", c.Skew))
	}
	runner.Stdin, runner.Stdout, runner.Stderr = os.Stdin, s.Stdout, s.Stderr
	return s.network.Play(ctx, lab.Cast{
		Busy:   func() *exec.Cmd { return s.command("lab", "busy") },
		Server: s.command("lab", "serve", whose), ServerReady: serverWas,
		Echo: echo, EchoReady: ready, Command: runner,
	})
}

// Enter replaces this process by this program with args, in the place of the lab in which this process was started. It
// returns only if that fails.
func Enter(args, environ []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return lab.Enter(self, append([]string{"rtcbench"}, args...), environ)
}

// Serve is the server of a lab, LiveKit's or another platform's, until ctx ends. It says on w when it is ready.
// get reads a variable.
func Serve(ctx context.Context, platform string, get func(string) string, w io.Writer) error {
	if platform == daily.Platform.Name {
		return serveDaily(ctx, w)
	}
	server, err := sandbox.Start(sandbox.Options{Address: lab.SFU.Address(), Port: port, UDPPort: udpPort,
		Key: get("LIVEKIT_API_KEY"), Secret: get("LIVEKIT_API_SECRET")})
	if err != nil {
		return err
	}
	fmt.Fprintln(w, Ready+server.URL)
	<-ctx.Done()
	return server.Close()
}

// Clock is the clock of this process. In a lab it is the lab's clock, which the router uses for its log. get reads a
// variable of this process.
func Clock(get func(string) string) bench.Clock {
	clock := bench.NewClock()
	if of, err := lab.ClockOf(get(clockName)); err == nil {
		clock = of
	}
	return clock.Claiming(bench.KernelClockError)
}
