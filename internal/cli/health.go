package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"syscall"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/settings"
)

type healthCmd struct {
	URL string `arg:"" optional:"" help:"What to ask (default: each of the usual addresses of rtcbench run and rtcbench echo on this machine where something listens)."`
}

// Help is shown by --help below the flags' summary.
func (healthCmd) Help() string {
	return `Exit code 0 when the service answers 200 and {"status":"ok"}, else 1. Images without a shell have no ` +
		`other client.

Examples:

  rtcbench health
      in the HEALTHCHECK of an image; where nothing listens, as during a single measurement, there is nothing to be ill

  rtcbench health http://127.0.0.1:9000/health`
}

// usualHealth are the addresses that docs and deploy use.
var usualHealth = []string{"http://127.0.0.1:9464/healthz", "http://127.0.0.1:8001/health",
	"http://127.0.0.1:8000/health"}

const healthTimeout = 4 * time.Second

// Run asks.
func (cmd *healthCmd) Run(a *app) error {
	ctx, cancel := context.WithTimeout(a.ctx, healthTimeout)
	defer cancel()
	if cmd.URL != "" {
		return healthy(ctx, cmd.URL)
	}
	for _, url := range usualHealth {
		if err := healthy(ctx, url); err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
	}
	return nil
}

func healthy(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil || r.URL.Host == "" {
		return usagef("health %s: must be a URL, as http://127.0.0.1:9464/healthz", settings.ShownAddress(url))
	}
	var steps advice.Steps
	secure := r.URL.Scheme == "https"
	r = r.WithContext(steps.Traced(ctx, secure, bench.StepAnswer, bench.StepRest))
	client := http.Client{Transport: advice.Guarded(advice.Transport())}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	var failed *neturl.Error // it repeats the URL
	if errors.As(err, &failed) {
		err = failed.Err
	}
	var body []byte
	if err == nil {
		defer answer.Body.Close()
		body, err = io.ReadAll(io.LimitReader(answer.Body, maxHealth))
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("ask %s: no answer in %v, waiting for %s", settings.ShownURL(url), healthTimeout, steps.Now())
	case err != nil:
		return fmt.Errorf("ask %s: %w", settings.ShownURL(url), err)
	}
	var health struct{ Status string }
	if answer.StatusCode == http.StatusOK && json.Unmarshal(body, &health) == nil && health.Status == "ok" {
		return nil
	}
	page := advice.Page(answer, body, advice.Service{}, advice.OfURL(r.URL)...)
	if answer.StatusCode == http.StatusOK {
		return fmt.Errorf(`%s answers %w: a service of rtcbench answers {"status":"ok"}`, settings.ShownURL(url), page)
	}
	return fmt.Errorf("%s answers %w", settings.ShownURL(url), page)
}

// maxHealth is more than an answer about health has.
const maxHealth = 64 << 10
