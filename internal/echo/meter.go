package echo

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Meter counts what a service and its echoes do, for Prometheus.
type Meter struct {
	registry *prometheus.Registry
	rooms    prometheus.Gauge
	opened   prometheus.Histogram
	pings    prometheus.Counter
	hold     prometheus.Histogram
	errors   *prometheus.CounterVec
	requests *prometheus.CounterVec
}

// NewMeter makes a Meter with a registry of its own.
func NewMeter() *Meter {
	m := &Meter{
		registry: prometheus.NewRegistry(),
		rooms:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "rtcbench_echo_rooms", Help: "Rooms that are open."}),
		opened: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "rtcbench_echo_open_seconds",
			Help:    "From a request for a room to the echo's being in it.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}),
		pings: prometheus.NewCounter(prometheus.CounterOpts{Name: "rtcbench_echo_pings_total",
			Help: "Pings answered by this process; pages of a browser count their own."}),
		hold: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "rtcbench_echo_hold_seconds",
			Help:    "From a ping's arrival to just before its pong is sent.",
			Buckets: []float64{1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2, .25}}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rtcbench_echo_errors_total",
			Help: "What did not work: open, close, seat."}, []string{"what"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rtcbench_echo_requests_total",
			Help: "HTTP requests by path and status."}, []string{"path", "code"}),
	}
	m.registry.MustRegister(m.rooms, m.opened, m.pings, m.hold, m.errors, m.requests,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, what := range []string{"open", "close", "seat"} {
		m.errors.WithLabelValues(what)
	}
	return m
}

// Held counts a ping that was kept for d. It is quick, because pongs wait for it.
func (m *Meter) Held(d time.Duration) {
	m.pings.Inc()
	m.hold.Observe(d.Seconds())
}

func (m *Meter) failure(what string) { m.errors.WithLabelValues(what).Inc() }

func (m *Meter) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
