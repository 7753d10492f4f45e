package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"runtime"

	"rtcbench/bench"
	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/dashboard"
	"rtcbench/internal/environment"
	"rtcbench/internal/live"
	"rtcbench/internal/settings"
	"rtcbench/web"
)

type uiCmd struct {
	Listen string `from:"RTCBENCH_UI_LISTEN" group:"service" default:"127.0.0.1:7788" placeholder:"127.0.0.1:7788" help:"Where the page is; port 0 = any that is free."`
	NoOpen bool   `group:"service" help:"Open no browser."`
	flags.StoreGroup
}

// Help is shown by --help below the flags' summary.
func (uiCmd) Help() string {
	return `Shows the runs of a store as pictures, in the browser: where they were made, how latency went over the ` +
		`time, one run in all its pings, and comparisons. New runs appear as they are kept. The page reads the ` +
		`store and changes nothing, loads nothing from elsewhere, and can be opened from this machine alone.

It reads the first store that is on: the SQLite file, unless --store names another.

Examples:

  rtcbench ui
  rtcbench ui --no-open --listen 127.0.0.1:0
  rtcbench ui --store sqlite:runs.db`
}

// Run serves the page until it is told to end.
func (cmd *uiCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	host, _, err := net.SplitHostPort(cmd.Listen)
	ip := net.ParseIP(host)
	if err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		c.Fail("listen", cmd.Listen, "an address of this machine alone, such as 127.0.0.1:7788: whoever reaches the "+
			"page can read all runs")
	}
	cmd.Targets(&c, ours)
	dir := flags.Folder(cmd.DataDir, &c, ours)
	if c.Err != nil {
		return c.Err
	}
	l, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; choose another address with --listen", cmd.Listen, reason(err))
	}
	url := "http://" + l.Addr().String() + "/"
	fmt.Fprintf(a.stdout, "%s shows the runs that were kept, until Ctrl-C\n", url)
	pages, err := web.Dashboard()
	if err != nil {
		a.settings.Say(err.Error())
	} else if !cmd.NoOpen {
		open(url)
	}
	log := slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return dashboard.New(dashboard.Options{
		Open:  func() (bench.Store, error) { return cmd.First(a.ctx, a.settings, ours) },
		Pages: pages, Log: log,
		Live: func(ctx context.Context, on func(live.Pings)) error { return live.Listen(ctx, dir, on) },
	}).Serve(a.ctx, l)
}

// reason is the innermost error of err: what the operating system says.
func reason(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err
}

// open asks the desktop to show url. Where there is no desktop nothing happens: the address was printed.
func open(url string) {
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	cmd := exec.Command(name, args...)
	if cmd.Env = ours.Of(environment.Desktop...); cmd.Start() == nil {
		go cmd.Wait()
	}
}
