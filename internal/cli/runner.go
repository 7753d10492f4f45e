package cli

import (
	"net/http"
	"net/url"
	"path/filepath"

	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
)

type runnerCmd struct {
	Once bool `group:"what" help:"Do the jobs of this slot once, deliver, print what came of them as JSON, and exit: for cron and for functions."`
	flags.JoinGroup
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
      every other time

  rtcbench runner --once
      one slot: for cron, and what a function of AWS Lambda does that has RTCBENCH_HUB (docs/deploy.md)`
}

// Run joins the hub if need be, and works until a signal.
func (cmd *runnerCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	dir := flags.Folder(cmd.DataDir, &c, ours)
	most := int64(c.Number("outbox-max", cmd.Most, 1, 1<<20)) << 20
	if cmd.Bundle != "" {
		cmd.Bundle = c.ServerURL("daily-bundle-url", cmd.Bundle, "https", "http")
	}
	if c.Err != nil {
		return c.Err
	}
	if cmd.Once && cmd.Listen != "" {
		return usagef("--once ends at once, and answers nobody: leave out %s", c.Name("listen"))
	}
	f, err := cmd.File(a.ctx, &c, filepath.Join(dir, "fleet.json"), version().Version, proxyOf)
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
	if cmd.Once {
		return r.WriteOnce(a.ctx, a.stdout)
	}
	if err := r.Run(a.ctx); err != nil {
		return err
	}
	return a.bySignal()
}

// proxyOf is the proxy that the environment names for a URL.
var proxyOf call.Proxy = func(u *url.URL) (*url.URL, error) { return http.ProxyFromEnvironment(&http.Request{URL: u}) }
