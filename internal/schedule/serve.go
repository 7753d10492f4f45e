package schedule

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// stuckAfter is how long jobs may run, beside three periods, before the schedule counts as stuck.
const stuckAfter = time.Hour

// Serve answers /healthz and /metrics (Prometheus) on l until stop is called.
func (r *Scheduler) Serve(l net.Listener) (stop func()) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", r.health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.gauges.registry, promhttp.HandlerOpts{}))
	server := &http.Server{
		Handler: mux, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute,
		ErrorLog:    slog.NewLogLogger(r.log.Handler(), slog.LevelWarn), // package log is silent
	}
	go server.Serve(l)
	r.log.Info("listening", "address", l.Addr().String())
	return func() { server.Close() }
}

// health is 200 while the schedule does what it should; that a platform cannot be reached is no reason to restart it.
func (r *Scheduler) health(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	limit := stuckAfter + 3*r.config.Plan.Every
	status, code := "ok", http.StatusOK
	switch now := time.Now(); {
	case !r.working.IsZero() && now.Sub(r.working) > limit:
		status, code = fmt.Sprintf("the jobs have run for %v", now.Sub(r.working).Round(time.Second)),
			http.StatusServiceUnavailable
	case r.working.IsZero() && !r.next.IsZero() && now.Sub(r.next) > limit:
		status, code = fmt.Sprintf("the slot of %s was missed", r.next.UTC().Format(time.RFC3339)),
			http.StatusServiceUnavailable
	}
	answer := map[string]any{"status": status, "jobs": len(r.config.Jobs), "failing": r.failed}
	if !r.next.IsZero() {
		answer["next"] = r.next.UTC().Format(time.RFC3339)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(answer)
}
