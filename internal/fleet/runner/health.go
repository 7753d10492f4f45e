package runner

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rtcbench/bench"
)

// stuckAfter is how long one measurement may take, in addition to three periods of the plan. After that the runner
// counts as stuck.
const stuckAfter = time.Hour

// Handler answers /healthz, and /metrics for Prometheus. The caller decides who may send requests.
func (r *Runner) Handler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(gauges{r}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", r.health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

// health answers 200 while the runner works. It does not matter whether the hub or a platform can be reached: a restart
// of the runner would not help.
func (r *Runner) health(w http.ResponseWriter, _ *http.Request) {
	waiting, err := r.box.Count()
	since := r.gate.since()
	limit := stuckAfter + 3*r.grid().Every
	r.mu.Lock()
	status, code := "ok", http.StatusOK
	answer := map[string]any{"hub": r.up(), "plan": r.file.Serial, "waiting": waiting, "error": r.wrong()}
	r.mu.Unlock()
	if err != nil {
		answer["waiting"] = nil
	}
	if took := time.Since(since); !since.IsZero() && took > limit {
		status, code = "a measurement has gone on for "+took.Round(time.Second).String(), http.StatusServiceUnavailable
	}
	answer["status"] = status
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(answer)
}

// figures are the metrics of the last run of a job. An invalid run has no round trip times here.
type figures struct {
	end     time.Time
	verdict string
	rtt     map[string]time.Duration // by quantile
	loss    *float64                 // nil = not known
}

func figuresOf(r bench.Record) figures {
	f := figures{end: r.End, verdict: string(r.Summary.Validity.Verdict), rtt: map[string]time.Duration{}}
	if r.Summary.Validity.Verdict == bench.Invalid {
		return f
	}
	for quantile, q := range map[string]bench.Quantity{"0.5": r.Summary.P50, "0.95": r.Summary.P95,
		"0.99": r.Summary.P99} {
		if q.OK {
			f.rtt[quantile] = q.D
		}
	}
	if r.Summary.LossKnown {
		f.loss = &r.Summary.Loss
	}
	return f
}

// gauges is a Prometheus collector of the state of a runner.
type gauges struct{ *Runner }

func about(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("rtcbench_runner_"+name, help, labels, nil)
}

var (
	hubReached = about("hub_reached", "1 = the hub is reached just now.")
	waits      = about("outbox_runs", "Runs that wait for the hub.")
	serial     = about("plan_serial", "Serial of the plan that is in force; 0 = there is none.")
	seatsUntil = about("seats_until_timestamp_seconds", "Until when the hub has leased seats.")
	lastRun    = about("last_run_timestamp_seconds", "End of the last run, by its verdict.", "verdict")
	failing    = about("failing", "1 = something went wrong, and nothing has gone well since.")
	unlikeHub  = about("hub_unlike", "1 = this runner and the hub have no version of their contract in common.")
	lastRTT    = about("last_run_rtt_seconds", "Round trips of the last valid or doubtful run.", "job", "quantile")
	lastLoss   = about("last_run_loss_ratio", "Pings of that run that were lost or late, of those that count.", "job")
	lastEnd    = about("job_last_run_timestamp_seconds", "End of the last run of a job.", "job", "verdict")
	offset     = about("clock_offset_seconds", "How far this clock is ahead of the hub's.")
	bound      = about("clock_bound_seconds", "The offset is right within so much.")
)

// Describe implements prometheus.Collector.
func (gauges) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{hubReached, waits, serial, seatsUntil, lastRun, failing, unlikeHub, lastRTT,
		lastLoss, lastEnd, offset, bound} {
		c <- d
	}
}

// Collect implements prometheus.Collector. A value that is not known is left out.
func (g gauges) Collect(c chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	yes := func(d *prometheus.Desc, is bool) {
		v := 0.0
		if is {
			v = 1
		}
		gauge(d, v)
	}
	if n, err := g.box.Count(); err == nil {
		gauge(waits, float64(n))
	}
	yes(hubReached, g.up())
	if to := g.seats.until(); !to.IsZero() {
		gauge(seatsUntil, float64(to.UnixMilli())/1e3)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	gauge(serial, float64(g.file.Serial))
	yes(failing, g.wrong() != "")
	yes(unlikeHub, g.unlike != "")
	if !g.last.IsZero() {
		gauge(lastRun, float64(g.last.UnixMilli())/1e3, g.verdict)
	}
	for job, f := range g.figures {
		gauge(lastEnd, float64(f.end.UnixMilli())/1e3, job, f.verdict)
		for quantile, d := range f.rtt {
			gauge(lastRTT, d.Seconds(), job, quantile)
		}
		if f.loss != nil {
			gauge(lastLoss, *f.loss, job)
		}
	}
	if g.clock.Known {
		gauge(offset, g.clock.Offset.Seconds())
		gauge(bound, g.clock.Bound.Seconds())
	}
}
