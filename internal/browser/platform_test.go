package browser_test

import (
	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
)

// of is c with what the page of its platform may do.
func of(c browser.JoinConfig) browser.JoinConfig {
	c.Page = map[string]bench.Page{"daily": daily.Platform.Page, "livekit": livekit.Platform.Page}[c.Platform]
	return c
}
