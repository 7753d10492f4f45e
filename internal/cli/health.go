package cli

import (
	"context"
	"errors"
	"syscall"

	"rtcbench/internal/health"
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

// Run asks the service for its health.
func (cmd *healthCmd) Run(a *app) error {
	ctx, cancel := context.WithTimeout(a.ctx, health.Timeout)
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
	err := health.Ask(ctx, url)
	if errors.Is(err, health.ErrNoURL) {
		return usagef("health %s: must be a URL, as http://127.0.0.1:9464/healthz", settings.ShownAddress(url))
	}
	return err
}
