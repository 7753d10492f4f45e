package cli

import (
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

type runnerCmd struct {
	Hub      string   `from:"RTCBENCH_HUB" group:"where" placeholder:"URL" help:"The hub, as https://hub.example.com:8443#PIN; needed once, to join."`
	Join     string   `from:"RTCBENCH_JOIN" group:"where" placeholder:"TOKEN" help:"Token of rtcbench fleet token; needed once. A runner that has joined that hub looks at it no more."`
	Name     string   `from:"RTCBENCH_PLACE" group:"where" placeholder:"NAME" help:"What this place is called in the fleet; no other has the name (default: the location)."`
	Location string   `short:"l" from:"LOCATION_ID" group:"where" placeholder:"NAME" help:"Where this is, as fra; stored with every run."`
	Lat      string   `from:"RTCBENCH_LAT" group:"where" placeholder:"DEGREES" help:"Latitude, for the map; with --lon."`
	Lon      string   `from:"RTCBENCH_LON" group:"where" placeholder:"DEGREES" help:"Longitude."`
	Label    []string `from:"RTCBENCH_LABELS" group:"where" placeholder:"KEY=VALUE" help:"A label that plans choose by, as region=eu; may be repeated."`
	Format   string   `name:"log-format" from:"RTCBENCH_LOG_FORMAT" group:"out" enum:"text,json" default:"text" placeholder:"text" help:"Log lines on standard error: text or json."`
	DataDir  string   `name:"data-dir" from:"RTCBENCH_DATA_DIR" group:"store" placeholder:"DIR" help:"Where the runner keeps who it is, and the outbox." completion-predictor:"dir"`
	Most     string   `name:"outbox-max" from:"RTCBENCH_OUTBOX_MAX" group:"store" default:"256" placeholder:"256" help:"Megabytes that runs may take which wait for the hub."`
	flags.ChromeGroup
}

// Help is shown by --help below the flags' summary.
func (runnerCmd) Help() string {
	return `A place of a fleet. It joins a hub once, with a token, and keeps in fleet.json who it is; afterwards ` +
		`"rtcbench runner" is enough. It listens nowhere and holds no key of a platform. HTTPS_PROXY is heeded.

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
	place := cmd.place(&c)
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
	r, err := runner.New(f, runner.Options{
		Version: version().Version, Log: logTo(a, cmd.Format), Proxy: proxyOf,
		Box: outbox.Open(filepath.Join(dir, "outbox"), most), Prepare: fleetOrders().Prepare,
		Measure: runner.Measuring(a.env(cmd.ChromeGroup)),
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

// place reads who this is.
func (cmd *runnerCmd) place(c *settings.Check) fleet.Place {
	p := fleet.Place{Name: cmd.Name, Location: c.Label("location", cmd.Location, 256), Labels: map[string]string{}}
	if p.Name == "" {
		p.Name = cmd.Location
	}
	if p.Location == "" {
		p.Location = p.Name
	}
	p.Lat, p.Lon = degrees(c, "lat", cmd.Lat, 90), degrees(c, "lon", cmd.Lon, 180)
	if (p.Lat == nil) != (p.Lon == nil) && c.Err == nil {
		c.Err = usagef("--lat and --lon go together")
	}
	for _, l := range cmd.Label {
		key, value, ok := strings.Cut(l, "=")
		if !ok || key == "" || value == "" {
			c.Fail("label", l, "KEY=VALUE, as region=eu")
		}
		p.Labels[key] = value
	}
	return p
}

func degrees(c *settings.Check, flag, text string, most float64) *float64 {
	if text == "" {
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= -most && v <= most) {
		c.Fail(flag, text, "degrees from -"+strconv.FormatFloat(most, 'g', -1, 64)+" to "+
			strconv.FormatFloat(most, 'g', -1, 64))
	}
	return &v
}

// proxyOf is the proxy that the environment names for a URL.
var proxyOf call.Proxy = func(u *url.URL) (*url.URL, error) { return http.ProxyFromEnvironment(&http.Request{URL: u}) }
