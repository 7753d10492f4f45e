package cli

import (
	"context"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/echo"
)

type echoCmd struct {
	livekitFlags
	Platform       string `from:"RTCBENCH_PLATFORM" group:"where" enum:"livekit" default:"livekit" placeholder:"livekit" help:"Platform to answer on."`
	ConnectTimeout string `from:"RTCBENCH_CONNECT_TIMEOUT" group:"where" default:"15s" placeholder:"15s" help:"How long joining the room may take."`
}

// Help is shown by --help below the flags' summary.
func (echoCmd) Help() string {
	return `It sits in one room and answers every ping, also those of the original tool, each to its sender only. When the server goes away it waits for its return.

Examples:

  rtcbench echo -s wss://my.livekit.cloud --api-key KEY --api-secret SECRET --room bench
      then, from elsewhere: rtcbench livekit --echo remote --room bench …

  rtcbench echo -s wss://my.livekit.cloud -t TOKEN
      in the room of a token that you made`
}

// echoTokenLife is how long a token of ours lets the echo in; each new seat gets a fresh one.
const echoTokenLife = 24 * time.Hour

// Run answers until it is told to stop, which is its success.
func (cmd *echoCmd) Run(a *app) error {
	c := check{settings: a.settings}
	within := (&planFlags{ConnectTimeout: cmd.ConnectTimeout}).connectTimeout(&c)
	seats, hasServer := cmd.seats(&c)
	seats.life = echoTokenLife
	if c.err == nil && !hasServer {
		c.err = usagef("--server-url (or LIVEKIT_URL) is missing: an echo needs a server to meet at")
	}
	if c.err != nil {
		return c.err
	}
	if seats.minted() && seats.room == "" {
		seats.room = identity("room")
	}
	name := identity("echo")
	err := echo.Serve(a.ctx, echo.Seat{
		Join: func(ctx context.Context) (bench.Session, error) {
			return seats.join(ctx, name, within, bench.JoinOptions{ReconnectTimeout: echo.Patience})
		},
		Clock: bench.NewClock(), Within: within,
		Ready: func(bench.Session) { fmt.Fprintf(a.stderr, "echo ready in %s\n", seats.ready()) },
		Lost:  func(err error) { fmt.Fprintf(a.stderr, "echo lost its seat, trying again: %v\n", err) },
	})
	if err != nil {
		return err
	}
	if code, ok := stopCode(a.ctx); ok {
		return exitError{code, silent{}}
	}
	return nil
}

// silent is an error that has nothing to say.
type silent struct{}

func (silent) Error() string { return "" }

// ready is what scripts wait for.
func (s seats) ready() string {
	if s.room == "" {
		return "room of the token"
	}
	return "room " + s.room
}
