package flags

import (
	"context"
	"errors"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/settings"
)

// JoinGroup are the flags that say which hub a runner belongs to, and who the runner is there.
type JoinGroup struct {
	Hub  string `from:"RTCBENCH_HUB" group:"where" placeholder:"URL" help:"The hub, as https://hub.example.com:8443#PIN; needed once, to join."`
	Join string `from:"RTCBENCH_JOIN" group:"where" placeholder:"TOKEN" help:"Token of rtcbench fleet token; needed once. A runner that has joined that hub looks at it no more."`
	PlaceGroup
}

// File is what the runner remembers at path. The runner joins the hub if it has not joined yet, or if the flags give it
// a token of another hub.
func (g JoinGroup) File(ctx context.Context, c *settings.Check, path, version string, proxy call.Proxy) (
	*runner.File, error) {
	place := g.Place(c)
	if c.Err != nil {
		return nil, c.Err
	}
	f, err := runner.Load(path)
	if errors.Is(err, runner.ErrNoFile) || err == nil && (!f.Joined() || g.elsewhere(f)) {
		return g.join(ctx, c, path, version, place, proxy)
	}
	return f, err
}

// elsewhere reports whether the flags name another hub than the one that the runner has joined, and a token for the
// other hub.
func (g JoinGroup) elsewhere(f *runner.File) bool {
	address, err := fleet.ReadAddress(g.Hub)
	return g.Join != "" && (err != nil || address.String() != f.Hub)
}

func (g JoinGroup) join(ctx context.Context, c *settings.Check, path, version string, place fleet.Place,
	proxy call.Proxy) (*runner.File, error) {
	if g.Hub == "" || g.Join == "" {
		return nil, settings.Usagef("this runner has not joined a hub yet: give --hub (RTCBENCH_HUB) and --join " +
			"(RTCBENCH_JOIN), which rtcbench fleet token prints at the hub")
	}
	if _, err := fleet.ReadAddress(g.Hub); err != nil {
		return nil, settings.Usagef("%s: %w", c.Name("hub"), err)
	}
	if place.Name == "" {
		return nil, settings.Usagef("a place needs a name: give --name, or --location")
	}
	if err := place.Check(); err != nil {
		return nil, settings.Usagef("--name %s: %w", settings.ShownName(place.Name), err)
	}
	return runner.Join(ctx, path, g.Hub, g.Join, version, place, proxy)
}
