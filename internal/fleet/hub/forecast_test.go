package hub_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
)

// TestForecast: who would do what, what that is in a day, and what will not go as it may be meant.
func TestForecast(t *testing.T) {
	o := hub.Orders{Every: 5 * time.Minute, Jitter: 30 * time.Second, Jobs: []hub.Order{
		{Job: fleet.Job{Name: "eu", Platform: "livekit", Where: fleet.Where{"region": {"eu"}}, Longest: time.Minute},
			Plan: bench.Plan{Count: 600}},
		{Job: fleet.Job{Name: "long", Platform: "livekit", Where: fleet.Where{"name": {"fra-2"}},
			Longest: 4 * time.Minute},
			Plan: bench.Plan{Count: 2400}},
		{Job: fleet.Job{Name: "nobody", Where: fleet.Where{"region": {"mars"}}, Longest: time.Minute}},
	}}
	eu := map[string]string{"region": "eu"}
	f := hub.ForecastOf(o, []fleet.Place{{Name: "fra-1", Labels: eu}, {Name: "fra-2", Labels: eu}, {Name: "iad-1"}})
	if got := fmt.Sprint(f.Jobs[0].Places, f.Jobs[1].Places, f.Jobs[2].Places, f.Idle); got !=
		"[fra-1 fra-2] [fra-2] [] [iad-1]" {
		t.Errorf("places: %s", got)
	}
	if f.Runs != 3*288 || f.Pings != 288*(600+600+2400) || f.Jobs[0].Each.Pings != 288*600 {
		t.Errorf("%d runs, %d pings", f.Runs, f.Pings)
	}
	if each := f.Jobs[0].Each.Kept / 288; each < 6_000 || each > 20_000 { // 10 kB were measured
		t.Errorf("a run of 600 pings takes %d bytes", each)
	}
	if f.Kept != f.Jobs[0].Each.Kept*2+f.Jobs[1].Each.Kept || f.Hub != f.Kept+f.Idles || f.Idles == 0 {
		t.Errorf("kept %d, to and from the hub %d, hellos %d", f.Kept, f.Hub, f.Idles)
	}
	notes := strings.Join(f.Notes, "\n")
	if !strings.Contains(notes, "job nobody: no place") || !strings.Contains(notes, "fra-2: its jobs may take 5m30s") ||
		strings.Contains(notes, "fra-1") {
		t.Errorf("notes: %s", notes)
	}
	if f = hub.ForecastOf(o, nil); f.Known || len(f.Notes) > 0 {
		t.Errorf("without a hub: %+v", f)
	}
}

// TestALonePlaceOfAMesh has nobody to measure: its runs are not counted.
func TestALonePlaceOfAMesh(t *testing.T) {
	o := hub.Orders{Every: 5 * time.Minute, Jobs: []hub.Order{{Plan: bench.Plan{Count: 600},
		Job: fleet.Job{Name: "mesh", Platform: "livekit", Echo: fleet.EchoMesh, Longest: time.Minute}}}}
	for n, want := range map[int]int64{1: 0, 2: 2 * 288} {
		f := hub.ForecastOf(o, []fleet.Place{{Name: "fra-1"}, {Name: "iad-1"}}[:n])
		if f.Runs != want || f.Jobs[0].Each.Runs*int64(n) != want {
			t.Errorf("%d place(s): %d runs, want %d", n, f.Runs, want)
		}
	}
}

// TestAPlanIsApplied: by whoever looks after the fleet, with a serial that never goes back; one with a mistake changes
// nothing; a hub that is started again goes on with it.
func TestAPlanIsApplied(t *testing.T) {
	dir := t.TempDir()
	read := func(s hub.Source) (hub.Orders, error) {
		n := strings.Count(s.Text, "job")
		if n == 0 {
			return hub.Orders{}, errors.New(s.Name + " line 1: there are no jobs")
		}
		o := orders(n)
		o.Source = s
		return o, nil
	}
	c := startReading(t, dir, read)
	source := func(text string) hub.Source { return hub.Source{Name: "f.yaml", Text: text} }
	var f hub.Forecast
	c.call("POST", "/admin/plan/check", source("job"), &f)
	if f.Serial != 0 || f.Same || len(f.Jobs) != 1 {
		t.Errorf("a first check: %+v", f)
	}
	var serials []uint64
	for _, text := range []string{"job job", "job", "job", "job job"} {
		var a hub.Applied
		c.call("POST", "/admin/plan/apply", source(text), &a)
		serials = append(serials, a.Serial)
	}
	if !slices.IsSorted(serials) || serials[0] == serials[1] || serials[1] != serials[2] || serials[2] == serials[3] {
		t.Errorf("serials: %v", serials)
	}
	var no *call.RefusedError
	if err := c.try("POST", "/admin/plan/apply", source(""), new(any)); !errors.As(err, &no) ||
		no.Status != http.StatusUnprocessableEntity || !strings.Contains(no.Reason, "f.yaml line 1") {
		t.Errorf("a plan with a mistake: %v", err)
	}
	c.stop()
	c = startReading(t, dir, read)
	c.call("POST", "/admin/plan/check", source("job job"), &f)
	if f.Serial != serials[3] || !f.Same {
		t.Errorf("after a start the plan is %d, same %v; %d was applied", f.Serial, f.Same, serials[3])
	}
	place := c.mustJoin("fra-1") // its seats are leased without anybody having applied it again
	c.run(place)
	await(t, "kept", func() bool { return c.kept() > 0 })
}
