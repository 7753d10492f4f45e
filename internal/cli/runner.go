package cli

import (
	"errors"
	"net/http"
	"net/url"
	"path/filepath"

	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

type runnerCmd struct {
	Hub  string `from:"RTCBENCH_HUB" group:"where" placeholder:"URL" help:"The hub, as https://hub.example.com:8443#PIN; needed once, to join."`
	Join string `from:"RTCBENCH_JOIN" group:"where" placeholder:"TOKEN" help:"Token of rtcbench fleet token; needed once. A runner that has joined that hub looks at it no more."`
	flags.PlaceGroup
	flags.HealthGroup
	flags.LogGroup
	DataDir string `name:"data-dir" from:"RTCBENCH_DATA_DIR" group:"store" placeholder:"DIR" help:"Where the runner keeps who it is, and the outbox." completion-predictor:"dir"`
	Most    string `name:"outbox-max" from:"RTCBENCH_OUTBOX_MAX" group:"store" default:"256" placeholder:"256" help:"Megabytes that runs may take which wait for the hub."`
	Bundle  string `name:"daily-bundle-url" from:"RTCBENCH_DAILY_BUNDLE_URL" dotenv:"no" group:"where" placeholder:"URL" help:"Where daily-js loads its call machine from, in networks that mirror Daily's CDN. No hub can say this."`
	flags.ChromeGroup
}

// Help is shown by --help below the flags' summary.
func (runnerCmd) Help() string {
	return `A place of a fleet. It joins a hub once, with a token, and keeps in fleet.json who it is; afterwards ` +
		`"rtcbench runner" is enough. It listens nowhere unless --listen says so. HTTPS_PROXY is heeded.

Examples:

  rtcbench runner --hub https://hub.example.com:8443#PIN --join TOKEN --location fra
      the first time

  rtcbench runner
      every other time`
}

// Run joins if need be, and works until a signal.
func (cmd *runnerCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	dir := flags.Folder(cmd.DataDir, &c, ours)
	path := filepath.Join(dir, "fleet.json")
	most := int64(c.Number("outbox-max", cmd.Most, 1, 1<<20)) << 20
	place := cmd.Place(&c)
	if cmd.Bundle != "" {
		cmd.Bundle = c.ServerURL("daily-bundle-url", cmd.Bundle, "https", "http")
	}
	if c.Err != nil {
		return c.Err
	}
	f, err := runner.Load(path)
	if errors.Is(err, runner.ErrNoFile) || err == nil && (!f.Joined() || cmd.elsewhere(f)) {
		f, err = cmd.join(a, &c, path, place)
	}
	if err != nil {
		return err
	}
	l, err := cmd.Listener(&c)
	if err != nil {
		return err
	}
	r, err := runner.New(f, runner.Options{
		Version: version().Version, Log: cmd.Log(a.stderr), Proxy: proxyOf,
		Box: outbox.Open(filepath.Join(dir, "outbox"), most), Prepare: fleetOrders().At(cmd.Bundle),
		Measure: runner.Measuring(a.env(cmd.ChromeGroup)), Answer: runner.Answering(a.env(cmd.ChromeGroup)),
		Listen: l,
	})
	if err != nil {
		return err
	}
	if err := r.Run(a.ctx); err != nil {
		return err
	}
	code, _ := signals.ExitCode(a.ctx)
	return exitError{code, silent{}}
}

// elsewhere reports whether the flags name another hub than the one that was joined, and a token for it.
func (cmd *runnerCmd) elsewhere(f *runner.File) bool {
	address, err := fleet.ReadAddress(cmd.Hub)
	return cmd.Join != "" && (err != nil || address.String() != f.Hub)
}

func (cmd *runnerCmd) join(a *app, c *settings.Check, path string, place fleet.Place) (*runner.File, error) {
	if cmd.Hub == "" || cmd.Join == "" {
		return nil, usagef("this runner has not joined a hub yet: give --hub (RTCBENCH_HUB) and --join " +
			"(RTCBENCH_JOIN), which rtcbench fleet token prints at the hub")
	}
	if _, err := fleet.ReadAddress(cmd.Hub); err != nil {
		return nil, usagef("%s: %w", c.Name("hub"), err)
	}
	if place.Name == "" {
		return nil, usagef("a place needs a name: give --name, or --location")
	}
	if err := place.Check(); err != nil {
		return nil, usagef("--name %s: %w", settings.ShownName(place.Name), err)
	}
	return runner.Join(a.ctx, path, cmd.Hub, cmd.Join, version().Version, place, proxyOf)
}

// proxyOf is the proxy that the environment names for a URL.
var proxyOf call.Proxy = func(u *url.URL) (*url.URL, error) { return http.ProxyFromEnvironment(&http.Request{URL: u}) }
