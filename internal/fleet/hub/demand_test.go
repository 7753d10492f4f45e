package hub_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
)

// ordered is what came of an order when nobody is waited for any more.
func (c *centre) ordered(o hub.RunOrder) (d hub.Demand) {
	c.t.Helper()
	c.call("POST", "/admin/run", o, &d)
	for d.Waits() {
		c.call("GET", fmt.Sprintf("/admin/run/%s?seen=%d", d.ID, d.Done()), nil, &d)
	}
	return d
}

// TestRunNow: a job of the plan is done at once at the places that were meant, far from any slot, and what came of it
// comes back; its run is kept. A job that is not in the plan and labels that nobody has are refused.
func TestRunNow(t *testing.T) {
	c := start(t, t.TempDir(), "")
	c.run(c.mustJoin("fra-1"))
	c.run(c.mustJoin("iad-1"))
	c.mustJoin("sin-1") // it is not there
	far := orders(1)
	far.Every = 24 * time.Hour
	if _, err := c.Order(far); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fra-1", "iad-1"} {
		await(t, "heard", func() bool { return c.state(name).Heard != nil })
	}
	var d hub.Demand
	await(t, "done at both places", func() bool { // a place may not have the plan yet, and says so
		d = c.ordered(hub.RunOrder{Job: "job0"})
		return len(d.Results) == 3 && d.Results[0].Run != "" && d.Results[1].Run != ""
	})
	for i, name := range []string{"fra-1", "iad-1"} {
		if r := d.Results[i]; r.Place != name || r.Error != "" || r.Answered == 0 || r.P50 == 0 || r.Verdict == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := d.Results[2]; r.Place != "sin-1" || !strings.Contains(r.Error, "not asked") {
		t.Errorf("a place that is not there: %+v", r)
	}
	await(t, "kept", func() bool { return c.kept() >= 2 })
	one := c.ordered(hub.RunOrder{Job: "job0", Where: fleet.Where{"name": {"iad-1"}}})
	if len(one.Results) != 1 || one.Results[0].Place != "iad-1" || one.Results[0].Run == "" {
		t.Errorf("at one place: %+v", one)
	}
	for _, o := range []hub.RunOrder{{Job: "none"}, {Job: "job0", Where: fleet.Where{"region": {"mars"}}}} {
		var no *call.RefusedError
		err := c.try("POST", "/admin/run", o, new(any))
		if !errors.As(err, &no) || no.Status != http.StatusUnprocessableEntity {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
