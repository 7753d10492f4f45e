package hub

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// lookEvery is how often the hub looks for places that have become silent, and whether its plan has to be issued again.
const lookEvery = 15 * time.Second

// watch looks after the fleet until ctx ends.
func (h *Hub) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	silent := map[string]bool{}
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		h.tellSilent(silent)
		if err := h.renew(time.Now()); err != nil {
			h.options.Log.Error("issue the plan anew", "error", err)
		}
	}
}

// tellSilent logs which places have become silent since the last call, and which are heard again.
func (h *Hub) tellSilent(silent map[string]bool) {
	o := h.Overview()
	for _, s := range o.Places {
		switch {
		case s.Silent && !silent[s.Name]:
			h.options.Log.Warn("a place is silent", "name", s.Name, "state", s.state(o))
		case !s.Silent && silent[s.Name] && s.Heard != nil:
			h.options.Log.Info("a place is heard again", "name", s.Name)
		}
		silent[s.Name] = s.Silent
	}
}

// renew issues the plan again before it expires.
func (h *Hub) renew(now time.Time) error {
	h.issued.mu.Lock()
	last, plan := h.issued.last, h.issued.plan
	h.issued.mu.Unlock()
	if plan.Serial == 0 || plan.NotAfter.Sub(now) > lasts/2 {
		return nil
	}
	_, err := h.Order(last)
	return err
}

// health answers 200 while the hub works. Silent places do not matter: a restart of the hub would not help them.
func (h *Hub) health(w http.ResponseWriter, _ *http.Request) {
	n := map[string]int{}
	for _, s := range h.Overview().Places {
		n[s.Word()]++
	}
	status := "ok"
	if !h.nc.IsConnected() {
		status = "the NATS server inside is not reached"
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	answer(w, map[string]any{"status": status, "places": n, "kept": h.counts.kept.Load(),
		"rejected": h.counts.rejected.Load(), "stores_away": len(h.away.now())})
}

// metrics are the metrics of a hub for Prometheus.
func (h *Hub) metrics() http.Handler {
	r := prometheus.NewRegistry()
	counter := func(name, help string, of func() int64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(of()) }))
	}
	counter("rtcbench_hub_kept_runs_total", "Runs that the stores have.", h.counts.kept.Load)
	counter("rtcbench_hub_rejected_runs_total", "Runs that were refused for ever.", h.counts.rejected.Load)
	r.MustRegister(places{h}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

// places is a Prometheus collector of the states of the places.
type places struct{ *Hub }

var (
	placeState = prometheus.NewDesc("rtcbench_fleet_places", "Places by state.", []string{"state"}, nil)
	placeHeard = prometheus.NewDesc("rtcbench_place_heard_timestamp_seconds", "When a place was heard last.",
		placeIs, nil)
	placeSilent = prometheus.NewDesc("rtcbench_place_silent", "1 = it has said no hello for 90 s.", placeIs, nil)
	placeWaits  = prometheus.NewDesc("rtcbench_place_outbox_runs", "Runs that wait at a place.", placeIs, nil)
	placeClock  = prometheus.NewDesc("rtcbench_place_clock_offset_seconds", "How far its clock is ahead.", placeIs, nil)
	placeBound  = prometheus.NewDesc("rtcbench_place_clock_bound_seconds", "The offset is right within it.", placeIs,
		nil)
	placeFails  = prometheus.NewDesc("rtcbench_place_failing", "1 = it said what went wrong.", placeIs, nil)
	placeUnlike = prometheus.NewDesc("rtcbench_place_unlike",
		"1 = it and the hub have no version of their contract in common.", placeIs, nil)
	placeIs   = []string{"place", "location"}
	storeAway = prometheus.NewDesc("rtcbench_hub_store_away", "1 = it took nothing when the hub last tried.",
		[]string{"store"}, nil)
)

// Describe implements prometheus.Collector.
func (p places) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{placeState, placeHeard, placeSilent, placeWaits, placeClock, placeBound,
		placeFails, placeUnlike, storeAway} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (p places) Collect(c chan<- prometheus.Metric) {
	n := map[string]int{}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, s := range p.Overview().Places {
		n[s.Word()]++
		if !s.Revoked.IsZero() {
			continue
		}
		gauge(placeSilent, number(s.Silent), s.Name, s.Location)
		if s.Heard == nil {
			continue
		}
		gauge(placeHeard, float64(s.Heard.At.UnixMilli())/1e3, s.Name, s.Location)
		gauge(placeWaits, float64(s.Heard.Hello.Waiting), s.Name, s.Location)
		gauge(placeFails, number(s.Heard.Hello.Error != ""), s.Name, s.Location)
		gauge(placeUnlike, number(s.Word() == "unlike"), s.Name, s.Location)
		if s.Heard.Hello.Clock.Known {
			gauge(placeBound, s.Heard.Hello.Clock.Bound.Seconds(), s.Name, s.Location)
			gauge(placeClock, s.Heard.Hello.Clock.Offset.Seconds(), s.Name, s.Location)
		}
	}
	missing := p.away.now()
	for _, t := range p.options.Stores {
		gone := slices.ContainsFunc(missing, func(s StoreAway) bool { return s.Name == t.Name })
		gauge(storeAway, number(gone), t.Name)
	}
	for _, word := range words {
		gauge(placeState, float64(n[word]), word)
	}
}

// number is a boolean as a Prometheus value: 1 or 0.
func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
