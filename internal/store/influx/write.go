package influx

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"rtcbench/bench"
)

// Save writes r in a few requests. The point by which the run is found comes last. A second Save of the same run writes
// the same points at the same times, so the server keeps each point once.
func (s *Store) Save(ctx context.Context, r bench.Record) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	batches, err := pointsOf(r)
	if err != nil {
		return fmt.Errorf("%s: run %s: %w", s, r.ID, err)
	}
	for _, lines := range batches {
		if err := s.patiently(ctx, lines); err != nil {
			return fmt.Errorf("%s: write run %s: %w", s, r.ID, err)
		}
	}
	return nil
}

// A request is repeated if the server is busy and asks for a pause of at most maxWait. For a longer pause the run waits
// in the outbox.
const (
	tries   = 4
	maxWait = 5 * time.Second
)

func (s *Store) patiently(ctx context.Context, lines []byte) error {
	for try := 1; ; try++ {
		err := s.write(ctx, lines)
		var r *refusal
		if !errors.As(err, &r) || r.wait == 0 || r.wait > maxWait || try == tries {
			return err
		}
		if r.status != http.StatusTooManyRequests && r.status != http.StatusServiceUnavailable {
			return err
		}
		if end, ok := ctx.Deadline(); ok && time.Until(end) <= r.wait {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (the last try: %w)", ctx.Err(), err)
		case <-time.After(r.wait):
		}
	}
}

func (s *Store) write(ctx context.Context, lines []byte) error {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(lines); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if !s.old.Load() {
		err := s.post(ctx, "/api/v2/write", url.Values{"org": {s.org}, "bucket": {s.database}, "precision": {"ns"}},
			packed.Bytes())
		var r *refusal
		if !errors.As(err, &r) || r.status != http.StatusNotFound || !r.plain {
			return err
		}
	}
	err := s.post(ctx, "/write", url.Values{"db": {s.database}, "precision": {"ns"}}, packed.Bytes())
	if err == nil {
		s.old.Store(true)
	}
	return err
}

// silent reports whether an answer with status 204 has no content, as it should. net/http does not read content of such
// an answer, but the headers announce it.
func silent(answer *http.Response) bool {
	length := answer.Header.Get("Content-Length")
	return (length == "" || length == "0") && len(answer.TransferEncoding) == 0 &&
		answer.Header.Get("X-Influxdb-Error") == ""
}

// post sends points. All versions of InfluxDB and VictoriaMetrics answer 204 when they have accepted all points
// (docs.influxdata.com: v1 and v2 /write, v3 /api/v2/write). Another success status is an error: it may be a login
// page, or an answer that promises nothing.
func (s *Store) post(ctx context.Context, path string, query url.Values, body []byte) error {
	answer, err := s.send(ctx, http.MethodPost, path, query, bytes.NewReader(body), http.Header{
		"Content-Type": {"text/plain; charset=utf-8"}, "Content-Encoding": {"gzip"},
	})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusNoContent && silent(answer):
		return nil
	case answer.StatusCode/100 == 2:
		return s.unexpected(answer, http.StatusNoContent)
	}
	return s.refused(answer)
}
