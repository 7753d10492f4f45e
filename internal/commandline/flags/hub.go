package flags

import (
	"cmp"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"rtcbench/internal/environment"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/settings"
)

// AdminGroup is the token that the administrator of a fleet has to show.
type AdminGroup struct {
	AdminToken string `name:"admin-token" from:"RTCBENCH_ADMIN_TOKEN" group:"service" placeholder:"TOKEN" help:"What rtcbench fleet has to show (default: one that the hub makes, in its folder)."`
}

// ReadersGroup are the flags that say who else may read the page of a hub.
type ReadersGroup struct {
	UserHeader     string `name:"user-header" from:"RTCBENCH_USER_HEADER" dotenv:"no" group:"service" placeholder:"NAME" help:"Let whomever a proxy names in this header read the page, as X-Forwarded-User."`
	UserHeaderFrom string `name:"user-header-from" from:"RTCBENCH_USER_HEADER_FROM" dotenv:"no" group:"service" placeholder:"NETWORKS" help:"Where that proxy asks from, as 10.0.0.0/8; several with commas (default: this machine)."`
}

// Proxy is the proxy that names users.
func (f ReadersGroup) Proxy(c *settings.Check) (p hub.Proxy) {
	if p.Header = f.UserHeader; p.Header == "" {
		if f.UserHeaderFrom != "" {
			c.Missing("to name users, a proxy has a header", "user-header")
		}
		return p
	}
	if strings.Trim(p.Header, "-_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		c.Fail("user-header", p.Header, "the name of a header, such as X-Forwarded-User")
	}
	for text := range strings.SplitSeq(cmp.Or(f.UserHeaderFrom, "127.0.0.0/8,::1"), ",") {
		network, err := netip.ParsePrefix(text)
		if one, wrong := netip.ParseAddr(text); wrong == nil {
			network, err = one.Prefix(one.BitLen())
		}
		if err != nil {
			c.Fail("user-header-from", text, "addresses or networks, such as 10.0.0.7 or 10.0.0.0/8")
		}
		p.From = append(p.From, network)
	}
	return p
}

// HubGroup is the flag that says which hub is asked.
type HubGroup struct {
	Hub string `from:"RTCBENCH_HUB" group:"where" placeholder:"URL" help:"The hub, as https://hub.example.com:8443#PIN (default: the one of this machine)."`
	AdminGroup
	DataDir string `name:"data-dir" from:"RTCBENCH_DATA_DIR" group:"store" placeholder:"DIR" help:"Where the hub of this machine keeps its folder." completion-predictor:"dir"`
}

// Centre is the hub to ask.
func (f HubGroup) Centre(c *settings.Check, env environment.Environment, proxy call.Proxy) (
	h call.Hub, err error) {
	h = call.Hub{Admin: f.AdminToken, Proxy: proxy}
	text := f.Hub
	if text == "" || h.Admin == "" {
		dir := HubFolder(f.DataDir, c, env)
		if c.Err != nil {
			return h, c.Err
		}
		if text == "" {
			h.Proxy = nil
		}
		text, h.Admin, err = hub.Near(dir, text, h.Admin)
		if errors.Is(err, os.ErrNotExist) {
			return h, settings.Usagef("no hub has worked in %s: start rtcbench hub, give the --data-dir of one on "+
				"this machine, or name one elsewhere with --hub (RTCBENCH_HUB) and --admin-token "+
				"(RTCBENCH_ADMIN_TOKEN)", dir)
		}
		if _, wrong := fleet.ReadAddress(text); wrong == nil && errors.Is(err, hub.ErrElsewhere) {
			return h, settings.Usagef("%s: %w: give --admin-token (RTCBENCH_ADMIN_TOKEN)", c.Name("hub"), err)
		} else if err != nil && wrong == nil {
			return h, err
		}
	}
	if h.Address, err = fleet.ReadAddress(text); err != nil {
		return h, settings.Usagef("%s: %w", c.Name("hub"), err)
	}
	return h, nil
}

// HubFolder is the path of the hub's folder.
func HubFolder(dataDir string, c *settings.Check, env environment.Environment) string {
	return filepath.Join(Folder(dataDir, c, env), "hub")
}
