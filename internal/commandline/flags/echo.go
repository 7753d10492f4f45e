package flags

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/settings"
)

// EchoGroup are the flags of rtcbench echo as a service.
type EchoGroup struct {
	Listen    string `from:"RTCBENCH_LISTEN" group:"service" placeholder:"ADDRESS" help:"Give rooms to runners over HTTP at this address, as 127.0.0.1:8001."`
	Host      string `from:"RTCBENCH_HOST,API_HOST" group:"service" placeholder:"HOST" help:"The same, as the original has it; with --port."`
	Port      string `from:"RTCBENCH_PORT,API_PORT" group:"service" placeholder:"PORT" help:"The same (default: 8000 for daily, else 8001)."`
	AuthToken string `name:"auth-token" from:"ECHO_AUTH_TOKEN" group:"service" placeholder:"TOKEN" help:"What a runner has to show (--agent-token); needed unless it listens on this machine alone."`
	Insecure  bool   `from:"RTCBENCH_INSECURE" dotenv:"no" group:"service" help:"Serve everybody: runners of the original tool can show no token."`
	MaxRooms  string `name:"max-rooms" from:"RTCBENCH_MAX_ROOMS" group:"service" placeholder:"50" help:"Rooms at one time (default: 50; 4 with Daily, where each is a page of a browser)."`
	RoomTTL   string `name:"room-ttl" from:"RTCBENCH_ROOM_TTL" group:"service" default:"10m" placeholder:"10m" help:"How long a room lives at most."`
	RateLimit string `name:"rate-limit" from:"RTCBENCH_RATE_LIMIT" group:"service" default:"20" placeholder:"20" help:"Requests a second of one address."`
}

// WitnessGroup are the flags by which experiments and the lab change an echo.
type WitnessGroup struct {
	ClockOffset time.Duration `name:"clock-offset" hidden:"" default:"0" help:"Answer by a clock that is off by this, at most 1h: an experiment, and results say so."`
	ClockSkew   float64       `name:"clock-skew" hidden:"" default:"0" help:"And that runs fast by so many parts in a million, at most 100."`
	LogPings    string        `name:"log-pings" hidden:"" help:"Write the number of each counted ping that arrives to this file: the lab's witness."`
}

// Clock is clock, made wrong by what the flags ask for. It writes to say by how much.
func (f WitnessGroup) Clock(clock bench.Clock, say io.Writer) (bench.Clock, error) {
	if f.ClockOffset == 0 && f.ClockSkew == 0 {
		return clock, nil
	}
	if f.ClockOffset.Abs() > time.Hour || !(math.Abs(f.ClockSkew) <= 100) { // also what is no number
		return clock, settings.Usagef("--clock-offset %v, --clock-skew %v: at most 1h and 100 parts in a million "+
			"either way", f.ClockOffset, f.ClockSkew)
	}
	fmt.Fprintf(say, "echo's clock is wrong by %v and %v parts in a million\n", f.ClockOffset, f.ClockSkew)
	return clock.Wrong(f.ClockOffset, f.ClockSkew), nil
}

// Wanted reports whether a service is asked for, and not a seat in one room. API_HOST and API_PORT may be in a .env for
// other reasons, so they do not ask for a service where a stronger source names a room.
func (f EchoGroup) Wanted(c *settings.Check) bool {
	room := max(c.Rank("room"), c.Rank("token"), c.Rank("room-url"), c.Rank("room-prefix"))
	asked := func(flag, value, originals string) bool {
		return value != "" && (c.VariableOf(flag) != originals || c.Rank(flag) >= room)
	}
	return f.Listen != "" || asked("host", f.Host, "API_HOST") || asked("port", f.Port, "API_PORT")
}

// Where is the flag that says where to listen, without its dashes.
func (f EchoGroup) Where() string {
	switch {
	case f.Listen != "":
		return "listen"
	case f.Host != "":
		return "host"
	}
	return "port"
}

// Address is the address to listen at.
func (f EchoGroup) Address(c *settings.Check, platform string) string {
	if f.Listen != "" {
		if (f.Host != "" || f.Port != "") && c.Rank("listen") <= max(c.Rank("host"), c.Rank("port")) && c.Err == nil {
			c.Err = settings.Usagef("%s: leave out --host and --port, or give them alone", c.Name("listen"))
		}
		return c.Address("listen", f.Listen)
	}
	host, port := f.Host, f.Port
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = map[bool]string{true: "8000", false: "8001"}[platform == daily.Platform.Name]
	}
	c.Number("port", port, 0, 65535)
	c.Host("host", host)
	return net.JoinHostPort(host, port)
}

// Guarded is the address to listen at, for a service that must not let strangers in. The token has to be one that a
// header can carry, and only a service that this machine alone can reach may have no token.
func (f EchoGroup) Guarded(c *settings.Check, platform string) (address string) {
	if f.AuthToken != "" || c.Rank("auth-token") == settings.ByFlag { // a blank one protects nothing
		if f.AuthToken == "" || strings.ContainsFunc(f.AuthToken, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			c.FailAs("auth-token", `"(not shown)"`, "text without spaces that a header can carry (ASCII)")
		}
	}
	address = f.Address(c, platform)
	if c.Err == nil && f.AuthToken == "" && !OnlyHere(address) && !f.Insecure {
		c.Err = settings.Usagef("%s: %s can be reached from elsewhere: give --auth-token (ECHO_AUTH_TOKEN), which "+
			"runners then show, or --insecure", c.Name(f.Where()), settings.ShownAddress(address))
	}
	return address
}

// Listen listens at address, which flag has set.
func Listen(c *settings.Check, flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	var op *net.OpError
	var name *net.DNSError
	switch {
	case errors.As(err, &name):
		err = errors.New("there is no such host")
	case errors.As(err, &op):
		err = op.Err
	}
	if err != nil {
		return nil, settings.Usagef("%s: listen on %s: %w", c.Name(flag), settings.ShownAddress(address), err)
	}
	return l, nil
}

// MostRooms is how many rooms there may be at one time; otherwise where no flag says it.
func (f EchoGroup) MostRooms(c *settings.Check, otherwise int) int {
	if f.MaxRooms == "" {
		return otherwise
	}
	return c.Number("max-rooms", f.MaxRooms, 1, 10_000)
}

// OnlyHere reports whether only this machine can reach address.
func OnlyHere(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	return settings.OnThisMachine(host)
}
