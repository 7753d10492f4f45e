package cli

import (
	"fmt"
	"log/slog"
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
)

// serviceFlags are the flags of rtcbench echo as a service.
type serviceFlags struct {
	flags.EchoGroup

	// The flags of the platforms that say how rooms are made, with the names that they have in this command.
	Making  kong.Plugins `embed:""`
	daily   flags.DailyGroup
	livekit flags.LivekitGroup // with --platform both
}

// dress gives the flags of the platforms the names that they have in this command.
func (cmd *echoCmd) dress() {
	cmd.Daily = kong.Plugins{flags.Dressed(&cmd.daily.Flags, "echo", "")}
	cmd.Making = kong.Plugins{flags.Dressed(&cmd.daily.Flags, "service", "service"),
		flags.Dressed(&cmd.livekit.Flags, "service", "service")}
}

const (
	manyRooms  = 50
	dailyRooms = 4
)

// serve runs rtcbench echo as a service.
func (cmd *echoCmd) serve(a *app, c *settings.Check, within time.Duration) error {
	f := cmd.serviceFlags
	address := f.Guarded(c, cmd.Platform)
	o := echo.Options{
		Hosts: map[string]echo.Host{}, AuthToken: f.AuthToken, Version: version().String(),
		Log:  slog.New(slog.NewTextHandler(a.stderr, nil)),
		TTL:  c.Millis("room-ttl", f.RoomTTL, time.Second, 24*time.Hour),
		Rate: float64(c.Number("rate-limit", f.RateLimit, 1, 1_000_000)),
	}
	o.MaxRooms = f.MostRooms(c, map[bool]int{true: manyRooms, false: dailyRooms}[cmd.Platform == livekit.Platform.Name])
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
	l, err := flags.Listen(c, f.Where(), address)
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
	return a.bySignal()
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
	place := of.side(called, "").job.Place
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
