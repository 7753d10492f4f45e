package flags

import (
	"time"

	"rtcbench/bench"
	"rtcbench/internal/selection"
	"rtcbench/internal/settings"
)

// FilterGroup are the flags that say which runs of a store are meant.
type FilterGroup struct {
	Platform  string `group:"which" placeholder:"NAME" help:"daily or livekit."`
	Location  string `short:"l" group:"which" placeholder:"NAME" help:"Where they were made; unknown = those without a location."`
	Engine    string `group:"which" placeholder:"NAME" help:"native or browser."`
	Transport string `group:"which" placeholder:"CLASS" help:"datachannel-reliable, datachannel-lossy, signalling-websocket, rtp-audio or turn."`
	Path      string `group:"which" placeholder:"PATH" help:"How the messages travelled: udp, tcp, relay-udp, relay-tcp or relay-tls."`
	EchoPlace string `group:"which" placeholder:"NAME" help:"The place of a fleet whose echo answered; none = those that no other place answered."`
	Since     string `group:"which" placeholder:"TIME" help:"Ended since then: an age (90s, 1d12h), a time in UTC (2026-11-23 12:00) or in Unix seconds."`
	Until     string `group:"which" placeholder:"TIME" help:"Ended before then."`
}

// Query is what the flags ask for; ages are from now.
func (f FilterGroup) Query(c *settings.Check, now time.Time) bench.Query {
	return selection.Texts(f).Query(c, now)
}

// IncludeGroup are the flags that say which of those runs count.
type IncludeGroup struct {
	IncludeInvalid bool `group:"which" help:"Take invalid runs into sums and comparisons, too."`
}
