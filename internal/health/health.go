// Package health asks a service of rtcbench whether it is well.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	neturl "net/url"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/settings"
)

// Timeout is how long a service has for its answer.
const Timeout = 4 * time.Second

// most is more than an answer about health has.
const most = 64 << 10

// ErrNoURL means that what should be asked is no URL.
var ErrNoURL = errors.New("not a URL")

// Ask returns nil where the service at url answers 200 and {"status":"ok"} before ctx ends, which is Timeout away.
func Ask(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil || r.URL.Host == "" {
		return ErrNoURL
	}
	shown := settings.ShownURL(url)
	var steps advice.Steps
	secure := r.URL.Scheme == "https"
	r = r.WithContext(steps.Traced(ctx, secure, bench.StepAnswer, bench.StepRest))
	client := http.Client{Transport: advice.Guarded(advice.Transport())}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	var failed *neturl.Error // such an error repeats the URL
	if errors.As(err, &failed) {
		err = failed.Err
	}
	var body []byte
	if err == nil {
		defer answer.Body.Close()
		body, err = io.ReadAll(io.LimitReader(answer.Body, most))
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("ask %s: no answer in %v, waiting for %s", shown, Timeout, steps.Now())
	case err != nil:
		return fmt.Errorf("ask %s: %w", shown, err)
	}
	var health struct{ Status string }
	if answer.StatusCode == http.StatusOK && json.Unmarshal(body, &health) == nil && health.Status == "ok" {
		return nil
	}
	page := advice.Page(answer, body, advice.Service{}, advice.OfURL(r.URL)...)
	if answer.StatusCode == http.StatusOK {
		return fmt.Errorf(`%s answers %w: a service of rtcbench answers {"status":"ok"}`, shown, page)
	}
	return fmt.Errorf("%s answers %w", shown, page)
}
