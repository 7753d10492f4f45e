package cli

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"rtcbench/internal/commandline/flags"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/demo"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/live"
	"rtcbench/internal/settings"
	"rtcbench/internal/signals"
)

type hubCmd struct {
	Listen    string `from:"RTCBENCH_LISTEN" group:"service" default:"127.0.0.1:8443" placeholder:"ADDRESS" help:"Where runners come, as :8443: the hub's one port (default: 127.0.0.1:8443)."`
	PublicURL string `name:"public-url" from:"RTCBENCH_PUBLIC_URL" group:"service" placeholder:"URL" help:"What runners call the hub, as https://hub.example.com (default: the address it listens at)."`
	Config    string `from:"RTCBENCH_CONFIG" group:"what" placeholder:"FILE" help:"What the places measure: a file of jobs, as rtcbench run has (docs/fleet.md). SIGHUP reads it again." completion-predictor:"file"`
	Demo      bool   `group:"what" help:"Also start a LiveKit server and three runners in this process: a fleet in one command."`
	flags.TLSGroup
	NATS     string `name:"nats" from:"RTCBENCH_NATS" group:"service" placeholder:"URL" help:"Work with NATS servers elsewhere, as nats://HOST:4222, several with commas (default: one inside). Several hubs may."`
	NATSConf bool   `name:"nats-config" group:"service" help:"Print what those servers have to know of this hub, and exit."`
	flags.LogGroup
	flags.AdminGroup
	flags.ReadersGroup
	flags.StoreGroup

	fleet *demo.Fleet // of --demo
}

// Help is shown by --help below the flags' summary.
func (hubCmd) Help() string {
	return `The centre of a fleet: runners in many places join it, and say how they are. A NATS server is inside, ` +
		`and listens nowhere but here, unless --nats names others. The hub's keys, members and tokens lie in the ` +
		`folder hub of --data-dir. ` +
		`Its page shows the places and what they measured, to whoever has the admin token.

Examples:

  rtcbench hub --demo
      a fleet on this machine, nothing to set up; then in another terminal: rtcbench fleet ls

  rtcbench hub --listen 127.0.0.1:8443 --config fleet.yaml
      for runners on this machine alone, without TLS

  rtcbench hub --listen :8443 --tls-self --public-url https://hub.example.com:8443
      for runners elsewhere; the URL that they are given ends with a pin

  rtcbench hub --nats-config
  rtcbench hub --nats nats://n1:4222,nats://n2:4222 --store postgres://… --listen :8443 …
      with a cluster of NATS servers, which several hubs may share (docs/fleet.md)

  rtcbench fleet token
      on the same machine: lets one runner join within an hour`
}

// Run serves until a signal.
func (cmd *hubCmd) Run(a *app) error {
	c := settings.Check{Sources: a.settings}
	dir := flags.HubFolder(cmd.DataDir, &c, ours)
	if c.Err != nil {
		return c.Err
	}
	undo, err := hub.Making(dir)
	if err != nil {
		return err
	}
	defer func() { undo() }()
	served := func() { undo = func() {} }
	if cmd.NATSConf {
		return cmd.config(a, dir, served)
	}
	address := c.Address("listen", cmd.Listen)
	secure, pin, err := cmd.TLS(&c, dir, address)
	if err != nil {
		return err
	}
	public := cmd.public(&c)
	targets, proxy := cmd.Targets(&c, ours), cmd.Proxy(&c)
	if _, err := hub.Servers(cmd.NATS); cmd.NATS != "" && err != nil {
		c.Fail("nats", cmd.NATS, hub.ServersRule)
	}
	if c.Err != nil {
		return c.Err
	}
	if len(targets) == 0 {
		return usagef("--store none: a hub keeps the runs of its places; name a store")
	}
	if cmd.Demo && cmd.Config != "" {
		return usagef("--demo has a plan of its own; leave out it, or %s", c.Name("config"))
	}
	if cmd.Demo {
		cmd.fleet = cmd.demo(a)
		if err := cmd.fleet.Open(a.ctx); err != nil {
			return err
		}
		defer cmd.fleet.Close()
	}
	if _, err := cmd.orders(a); err != nil {
		return err
	}
	l, err := flags.Listen(&c, "listen", address)
	if err != nil {
		return err
	}
	log := cmd.Log(a.stderr)
	var h *hub.Hub
	page := cmd.page(a, func() hub.Overview { return h.Overview() },
		func(ctx context.Context, on func(live.Pings)) error { return h.Live(ctx, on) })
	defer page.Close()
	h, err = hub.Open(hub.Options{Dir: dir, Version: version().Version, Log: log, Admin: cmd.AdminToken,
		Stores: targets, Page: page.Handler(), Proxy: proxy, NATS: cmd.NATS,
		Config: cmd.Config, Read: fleetOrders().Source})
	if err == nil {
		defer h.Close()
		err = cmd.order(a, h)
	}
	at := hub.AddressesOf(l.Addr(), public, pin, cmd.TLSSelf)
	if err == nil {
		err = at.Keep(dir)
	}
	if err != nil {
		l.Close()
		return err
	}
	served()
	defer page.KeepWarm(a.ctx)()
	go signals.OnHangup(a.ctx, func() {
		if err := cmd.order(a, h); err != nil {
			log.Error("the configuration is wrong; the old plan stays", "error", err)
		}
	})
	fmt.Fprintf(a.stderr, "hub at %s; a token for a runner: rtcbench fleet token%s\n", at.There, cmd.folder())
	fmt.Fprintf(a.stderr, "its page: %s/, with any user, and as the password the admin token, in %s\n", at.Here.URL,
		filepath.Join(dir, hub.AdminFile))
	if err := cmd.serve(a, h, l, secure, call.Hub{Address: at.Here, Admin: h.Admin()}); err != nil {
		return err
	}
	return a.bySignal()
}

// public is what runners call this hub; "" = the address it listens at. A runner has to be able to read it.
func (cmd *hubCmd) public(c *settings.Check) string {
	if cmd.PublicURL == "" {
		return ""
	}
	public := c.ServerURL("public-url", cmd.PublicURL, "https", "http")
	if c.Err != nil {
		return ""
	}
	at, err := fleet.ReadAddress(public)
	switch {
	case err != nil || at.Pin != "":
		c.Fail("public-url", cmd.PublicURL, "https://HOST:PORT without a path, a query, a user and a pin (the hub "+
			"adds its own), or http://127.0.0.1:PORT")
	case cmd.TLSSelf && at.URL[:5] != "https":
		c.Fail("public-url", cmd.PublicURL, "https://HOST:PORT, as this hub speaks TLS")
	}
	return at.URL
}

// folder is the flag with which other commands on this machine find this hub; "" = they find it by themselves.
func (cmd *hubCmd) folder() string {
	if cmd.DataDir == "" {
		return ""
	}
	return " --data-dir " + cmd.DataDir
}

// serve answers until a signal comes. With --demo it also runs the demo's runners.
func (cmd *hubCmd) serve(a *app, h *hub.Hub, l net.Listener, secure *tls.Config, at call.Hub) error {
	if !cmd.Demo {
		return h.Serve(a.ctx, l, secure)
	}
	return cmd.fleet.Serve(a.ctx, h, l, secure, at, func() {
		fmt.Fprintf(a.stderr, "%v. In another terminal: rtcbench fleet ls%[2]s, rtcbench history%[2]s\n", cmd.fleet,
			cmd.folder())
	})
}

// config prints the configuration that NATS servers need.
func (cmd *hubCmd) config(a *app, dir string, served func()) error {
	text, err := hub.Config(dir)
	if err == nil {
		served() // the servers will know the keys
		_, err = io.WriteString(a.stdout, text)
	}
	return err
}

// demo is the fleet of --demo.
func (cmd *hubCmd) demo(a *app) *demo.Fleet {
	dir := filepath.Join(flags.Folder(cmd.DataDir, &settings.Check{Sources: a.settings}, ours), "demo")
	return &demo.Fleet{Version: version().Version, Dir: dir, Log: cmd.Log(a.stderr), Env: a.env(flags.ChromeGroup{}),
		Prepare: fleetOrders().Prepare, Environ: os.Environ(), Stderr: a.stderr}
}

// orders reads what the places are to do.
func (cmd *hubCmd) orders(a *app) (hub.Orders, error) {
	switch {
	case cmd.Demo:
		return cmd.fleet.Orders()
	case cmd.Config == "":
		return hub.Orders{}, nil
	}
	return fleetOrders().File(cmd.Config)
}

// order makes the orders of the command line the plan of the fleet.
func (cmd *hubCmd) order(a *app, h *hub.Hub) error {
	o, err := cmd.orders(a)
	if err == nil && len(o.Jobs) > 0 {
		_, err = h.Order(o)
	}
	return err
}
