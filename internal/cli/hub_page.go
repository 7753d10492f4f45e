package cli

import (
	"time"

	"rtcbench/bench"
	"rtcbench/internal/dashboard"
	"rtcbench/internal/fleet/hub"
	"rtcbench/web"
)

// page is the page of a hub, over the store from which other commands read. The caller closes it.
func (cmd *hubCmd) page(a *app, overview func() hub.Overview, pings dashboard.Pings) *dashboard.Server {
	pages, err := web.Dashboard()
	if err != nil {
		a.settings.Say(err.Error())
	}
	return dashboard.New(dashboard.Options{
		Open:  func() (bench.Store, error) { return cmd.First(a.ctx, a.settings, ours) },
		Pages: pages, Log: cmd.Log(a.stderr), Guarded: true,
		Fleet: func() dashboard.Fleet { return shownFleet(overview()) },
		Live:  pings,
	})
}

// shownFleet is the overview o in the form in which the page shows it.
func shownFleet(o hub.Overview) dashboard.Fleet {
	f := dashboard.Fleet{Now: seconds(o.Now), Version: o.Version, Places: []dashboard.FleetSeat{}}
	for _, s := range o.Places {
		p := dashboard.FleetSeat{Name: s.Name, Location: s.Location, Lat: s.Lat, Lon: s.Lon, State: s.Word()}
		if s.Heard != nil {
			h := s.Heard.Hello
			heard := seconds(s.Heard.At)
			p.HeardAt, p.Version, p.Waiting, p.Verdict, p.Error = &heard, h.Version, &h.Waiting, h.Verdict, h.Error
			if !h.LastRun.IsZero() {
				at := seconds(h.LastRun)
				p.LastRun = &at
			}
			if h.Clock.Known {
				offset, bound := float64(h.Clock.Offset)/1e6, float64(h.Clock.Bound)/1e6
				p.Offset, p.Bound = &offset, &bound
			}
		}
		f.Places = append(f.Places, p)
	}
	return f
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
