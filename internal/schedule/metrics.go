package schedule

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// gauges are what Prometheus reads of a schedule, in a registry of their own.
type gauges struct {
	registry *prometheus.Registry
	rtt      *prometheus.GaugeVec // of the last run
	jitter   *prometheus.GaugeVec
	loss     *prometheus.GaugeVec
	doubts   *prometheus.GaugeVec
	verdicts *prometheus.CounterVec
	pings    *prometheus.HistogramVec // of all runs
	fates    *prometheus.CounterVec
	counts   *prometheus.CounterVec
	runs     *prometheus.CounterVec
	success  *prometheus.GaugeVec
	skipped  prometheus.Counter
	reloads  *prometheus.CounterVec
	waiting  prometheus.Gauge
}

// nativeFactor is the width of a native histogram's buckets: 2 % of the value at most between neighbours.
const nativeFactor = 1.02

func newGauges() *gauges {
	series := []string{"platform", "location", "engine", "transport", "path"}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	g := &gauges{
		registry: prometheus.NewRegistry(),
		rtt: gauge("rtcbench_last_rtt_seconds", "Round trip of the last run, by percentile.",
			append(series, "percentile")...),
		jitter: gauge("rtcbench_last_jitter_seconds", "Jitter of the last run: mean |ΔRTT|.", series...),
		loss:   gauge("rtcbench_last_loss_ratio", "Pings of the last run that failed, 0 to 1.", series...),
		doubts: gauge("rtcbench_last_doubts", "Reasons to doubt the last run.", series...),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rtcbench_verdicts_total",
			Help: "Measured runs by verdict: valid, unjudged, doubtful, invalid."}, append(series, "verdict")),
		pings: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rtcbench_rtt_seconds", Help: "Round trips of all pings answered in time.",
			Buckets:                     []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5},
			NativeHistogramBucketFactor: nativeFactor, NativeHistogramMaxBucketNumber: 300,
			NativeHistogramMinResetDuration: time.Hour,
		}, series),
		fates: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rtcbench_pings_total",
			Help: "Pings of all runs by what became of them: answered, late, lost, not_sent, unsettled."},
			append(series, "fate")),
		counts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rtcbench_counts_total",
			Help: "Counts of all runs that are no fate of a ping, by their names in result files."},
			append(series, "count")),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rtcbench_runs_total",
			Help: "Runs by job and outcome: ok, limit-broken, not-kept, failed, stopped."}, []string{"job", "outcome"}),
		success: gauge("rtcbench_last_success_timestamp_seconds", "When a job last measured, in Unix time.", "job"),
		skipped: prometheus.NewCounter(prometheus.CounterOpts{Name: "rtcbench_skipped_slots_total",
			Help: "Slots that passed while jobs were running."}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rtcbench_config_reloads_total",
			Help: "SIGHUPs by outcome: ok, failed."}, []string{"outcome"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Name: "rtcbench_outbox_runs",
			Help: "Runs that wait for a store."}),
	}
	g.registry.MustRegister(g.rtt, g.jitter, g.loss, g.doubts, g.verdicts, g.pings, g.fates, g.counts, g.runs,
		g.success, g.skipped, g.reloads, g.waiting,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return g
}

// take shows a run. What it does not know is taken away, not shown as it was before.
func (g *gauges) take(run bench.Record) {
	series := bench.SeriesOf(run.Run)
	labels := []string{series.Platform, series.Location, series.Engine, string(series.Transport), string(series.Path)}
	s := run.Summary
	set := func(v *prometheus.GaugeVec, q bench.Quantity, labels ...string) {
		if q.OK {
			v.WithLabelValues(labels...).Set(q.D.Seconds())
		} else {
			v.DeleteLabelValues(labels...)
		}
	}
	for _, x := range result.StatisticList {
		if x.Percentile != "" {
			set(g.rtt, *x.Of(&s), append(labels[:len(labels):len(labels)], x.Percentile)...)
		}
	}
	set(g.jitter, s.Jitter, labels...)
	if s.LossKnown {
		g.loss.WithLabelValues(labels...).Set(s.Loss)
	} else {
		g.loss.DeleteLabelValues(labels...)
	}
	g.doubts.WithLabelValues(labels...).Set(float64(len(s.Doubts)))
	count := func(v *prometheus.CounterVec, what string, n int) {
		v.WithLabelValues(append(labels[:len(labels):len(labels)], what)...).Add(float64(n))
	}
	for _, verdict := range bench.Verdicts { // what never was is 0 from the first run on
		count(g.verdicts, string(verdict), 0)
	}
	count(g.verdicts, string(s.Validity.Verdict), 1)
	for _, x := range bench.CountList {
		to := g.counts
		if slices.Contains(bench.Outcomes(), x.Key) {
			to = g.fates
		}
		count(to, x.Key, *x.Of(&run.Counts))
	}
	all := g.pings.WithLabelValues(labels...)
	for _, rtt := range s.RTTs {
		all.Observe(rtt.Seconds())
	}
}

// ended counts the end of a job, and shows the runs that it measured.
func (g *gauges) ended(job string, d Done) {
	g.runs.WithLabelValues(job, d.Outcome.String()).Inc()
	if d.Outcome < Failed {
		g.success.WithLabelValues(job).SetToCurrentTime()
	}
	for _, run := range d.Runs {
		g.take(run)
	}
	if d.Waiting >= 0 {
		g.waiting.Set(float64(d.Waiting))
	}
}
