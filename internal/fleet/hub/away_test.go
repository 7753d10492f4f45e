package hub_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/outbox"
)

// TestAStoreThatIsAwayIsTold: whoever looks at the fleet sees that a store is away, since when and why, before the
// first run comes; and sees that it is back.
func TestAStoreThatIsAwayIsTold(t *testing.T) {
	var there atomic.Bool
	s := &shelf{}
	c := start(t, t.TempDir(), "", outbox.Target{Name: "shelf", Open: func(context.Context) (bench.Store, error) {
		if !there.Load() {
			return nil, errors.New("no such shelf")
		}
		return s, nil
	}})
	told := func() (table string, away int) {
		var o hub.Overview
		c.call("GET", "/admin/members", nil, &o)
		var text strings.Builder
		if err := o.WriteTable(&text, func(s string) string { return s }); err != nil {
			t.Fatal(err)
		}
		var health struct {
			Away int `json:"stores_away"`
		}
		c.call("GET", "/healthz", nil, &health)
		return text.String(), health.Away
	}
	says := func(why string) func() bool {
		return func() bool {
			text, n := told()
			return n == 1 && strings.Contains(text, "the store shelf has been away for ") &&
				strings.Contains(text, "runs wait at their places: "+why)
		}
	}
	well := func() bool {
		text, n := told()
		return n == 0 && !strings.Contains(text, "shelf")
	}
	await(t, "it cannot be opened", says("no such shelf"))
	there.Store(true)
	await(t, "it is open", well)
	s.say(errors.New("the shelf is full"))
	f := c.mustJoin("fra-1")
	put(t, f, "fra", time.Now())
	c.run(f)
	await(t, "it takes nothing", says("the shelf is full"))
	s.say(nil)
	await(t, "it takes what waits", well)
	await(t, "it is kept", func() bool { return waiting(t, f) == 0 })
}
