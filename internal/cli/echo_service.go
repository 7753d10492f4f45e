package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/echo"
	"rtcbench/internal/measure"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

// serviceFlags are those of rtcbench echo as a service.
type serviceFlags struct {
	Listen    string `from:"RTCBENCH_LISTEN" group:"service" placeholder:"ADDRESS" help:"Give rooms to runners over HTTP at this address, as 127.0.0.1:8001."`
	Host      string `from:"RTCBENCH_HOST,API_HOST" group:"service" placeholder:"HOST" help:"The same, as the original has it; with --port."`
	Port      string `from:"RTCBENCH_PORT,API_PORT" group:"service" placeholder:"PORT" help:"The same (default: 8000 for daily, else 8001)."`
	AuthToken string `name:"auth-token" from:"ECHO_AUTH_TOKEN" group:"service" placeholder:"TOKEN" help:"What a runner has to show (--agent-token); needed unless it listens on this machine alone."`
	Insecure  bool   `from:"RTCBENCH_INSECURE" dotenv:"no" group:"service" help:"Serve everybody: runners of the original tool can show no token."`
	MaxRooms  string `name:"max-rooms" from:"RTCBENCH_MAX_ROOMS" group:"service" placeholder:"50" help:"Rooms at one time (default: 50; 4 with Daily, where each is a page of a browser)."`
	RoomTTL   string `name:"room-ttl" from:"RTCBENCH_ROOM_TTL" group:"service" default:"10m" placeholder:"10m" help:"How long a room lives at most."`
	RateLimit string `name:"rate-limit" from:"RTCBENCH_RATE_LIMIT" group:"service" default:"20" placeholder:"20" help:"Requests a second of one address."`

	// The flags of the platforms that say how rooms are made, as they are called here.
	Making  kong.Plugins `embed:""`
	daily   flags.DailyGroup
	livekit flags.LivekitGroup // with --platform both
}

// dress gives the flags of the platforms the names that they have here.
func (cmd *echoCmd) dress() {
	cmd.Daily = kong.Plugins{flags.Dressed(&cmd.daily.Flags, "echo", "")}
	cmd.Making = kong.Plugins{flags.Dressed(&cmd.daily.Flags, "service", "service"),
		flags.Dressed(&cmd.livekit.Flags, "service", "service")}
}

const (
	manyRooms  = 50
	dailyRooms = 4
)

// wanted reports whether a service is asked for, not a seat in one room. API_HOST and API_PORT, which may be in a .env
// for other reasons, ask for none against a room that is named by something stronger.
func (f serviceFlags) wanted(c *settings.Check) bool {
	room := max(c.Rank("room"), c.Rank("token"), c.Rank("room-url"), c.Rank("room-prefix"))
	asked := func(flag, value, originals string) bool {
		return value != "" && (c.VariableOf(flag) != originals || c.Rank(flag) >= room)
	}
	return f.Listen != "" || asked("host", f.Host, "API_HOST") || asked("port", f.Port, "API_PORT")
}

// where is the flag that says where to listen.
func (f serviceFlags) where() string {
	switch {
	case f.Listen != "":
		return "listen"
	case f.Host != "":
		return "host"
	}
	return "port"
}

// address is where to listen.
func (f serviceFlags) address(c *settings.Check, platform string) string {
	if f.Listen != "" {
		if (f.Host != "" || f.Port != "") && c.Rank("listen") <= max(c.Rank("host"), c.Rank("port")) && c.Err == nil {
			c.Err = usagef("%s: leave out --host and --port, or give them alone", c.Name("listen"))
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

// listen opens address, which is a flag's.
func listen(c *settings.Check, flag, address string) (net.Listener, error) {
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
		return nil, usagef("%s: listen on %s: %w", c.Name(flag), settings.ShownAddress(address), err)
	}
	return l, nil
}

// mostRooms is how many there may be at one time.
func (f serviceFlags) mostRooms(c *settings.Check, otherwise int) int {
	if f.MaxRooms == "" {
		return otherwise
	}
	return c.Number("max-rooms", f.MaxRooms, 1, 10_000)
}

// listensHere reports whether only this machine can reach address.
func listensHere(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	return settings.OnThisMachine(host)
}

// serve is rtcbench echo as a service.
func (cmd *echoCmd) serve(a *app, c *settings.Check, within time.Duration) error {
	f := cmd.serviceFlags
	if f.AuthToken != "" || c.Rank("auth-token") == settings.ByFlag { // a blank one protects nothing
		if f.AuthToken == "" || strings.ContainsFunc(f.AuthToken, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			c.FailAs("auth-token", `"(not shown)"`, "text without spaces that a header can carry (ASCII)")
		}
	}
	o := echo.Options{
		Hosts: map[string]echo.Host{}, AuthToken: f.AuthToken, Version: version().String(),
		Log:  slog.New(slog.NewTextHandler(a.stderr, nil)),
		TTL:  c.Millis("room-ttl", f.RoomTTL, time.Second, 24*time.Hour),
		Rate: float64(c.Number("rate-limit", f.RateLimit, 1, 1_000_000)),
	}
	o.MaxRooms = f.mostRooms(c, map[bool]int{true: manyRooms, false: dailyRooms}[cmd.Platform == livekit.Platform.Name])
	address := f.address(c, cmd.Platform)
	if c.Err == nil && f.AuthToken == "" && !listensHere(address) && !f.Insecure {
		c.Err = usagef("%s: %s can be reached from elsewhere: give --auth-token (ECHO_AUTH_TOKEN), which runners "+
			"then show, or --insecure",
			c.Name(f.where()), settings.ShownAddress(address))
	}
	o.Local = f.AuthToken == "" && !f.Insecure
	meter := echo.NewMeter()
	if cmd.Platform != daily.Platform.Name {
		host, err := cmd.livekitHost(c, within)
		if err != nil {
			return err
		}
		host.Meter = meter
		o.Hosts[host.Platform.Name] = host
	}
	var host measure.PageHost
	if cmd.Platform != livekit.Platform.Name {
		host = cmd.dailyHost(c, within)
	}
	if c.Err != nil {
		return c.Err
	}
	l, err := listen(c, f.where(), address)
	if err != nil {
		return err
	}
	if cmd.Platform != livekit.Platform.Name {
		for _, doubt := range f.daily.Doubts() {
			fmt.Fprintf(a.stderr, "rtcbench: %s\n", doubt)
		}
		cmd.SayAloud(a.stderr, ours)
		reach := measure.Reach(host.Platform, host.Place)
		if host.Browser, err = browser.Start(a.ctx, cmd.Options(ours, reach)); err != nil {
			l.Close()
			return err
		}
		defer host.Browser.Close()
		o.Hosts[host.Platform.Name] = host
	}
	if f.AuthToken == "" && f.Insecure {
		fmt.Fprintln(a.stderr, "rtcbench: --insecure: whoever reaches this service may open rooms at your cost")
	}
	service := echo.NewService(o, meter)
	fmt.Fprintf(a.stderr, "echo service for %s on http://%s, at most %d rooms\n", service.Platform(),
		l.Addr(), o.MaxRooms)
	if err := service.Serve(a.ctx, l); err != nil {
		return err
	}
	code, _ := signals.ExitCode(a.ctx)
	return exitError{code, silent{}}
}

// dailyHost reads where Daily rooms are made. Its browser is not started yet.
func (cmd *echoCmd) dailyHost(c *settings.Check, within time.Duration) measure.PageHost {
	of := dailyCmd{DailyGroup: cmd.daily}
	of.RoomURL, of.Token = "", ""                                                    // the two are of one room
	if cmd.Platform == daily.Platform.Name && c.Rank("api-key") == settings.ByFlag { // as rtcbench daily calls it
		of.APIKey = cmd.APIKey
	}
	called := &settings.Check{Sources: c.Sources.Renamed(flags.DressNames(daily.Flags{}, "service")), Err: c.Err}
	if of.APIKey == "" && c.Err == nil {
		called.Err = usagef("--daily-api-key (or DAILY_API_KEY) is missing: the service makes rooms with it")
	}
	place := of.side(called).job.Place
	c.Err = called.Err
	return measure.PageHost{Platform: daily.Platform, Place: place, Within: within}
}

// livekitHost reads where LiveKit rooms are made.
func (cmd *echoCmd) livekitHost(c *settings.Check, within time.Duration) (measure.NativeHost, error) {
	of := cmd.LivekitGroup
	if cmd.Platform == "both" {
		of = cmd.livekit
		c = &settings.Check{Sources: c.Sources.Renamed(bothNames(livekit.Platform.Name)), Err: c.Err}
	}
	of.Token, of.Room = "", "" // the two are of one room
	if (of.ServerURL == "" || of.APIKey == "" || of.APISecret == "") && c.Err == nil {
		prefix := map[bool]string{true: "--livekit-url, --livekit-", false: "--server-url, --"}[cmd.Platform == "both"]
		c.Err = usagef("the service makes rooms: it needs %sapi-key and its secret (LIVEKIT_URL, LIVEKIT_API_KEY, "+
			"LIVEKIT_API_SECRET)", prefix)
	}
	place, _, _ := of.Place(c, bench.Answerer, "")
	return measure.NativeHost{Platform: livekit.Platform, Place: place, Within: within,
		Clock: bench.NewClock().Claiming(bench.KernelClockError)}, c.Err
}
