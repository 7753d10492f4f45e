package influx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"

	"rtcbench/bench"
)

var _ bench.Remover = (*Store)(nil)

// measurements are all measurements with points of a run.
var measurements = []string{runMeasurement, samplesMeasurement, summaryMeasurement, pingMeasurement}

// Remove deletes the points of a run: with the delete API of version 2, or with InfluxQL in version 1. It returns false
// without an error if the run is not there.
func (s *Store) Remove(ctx context.Context, id string) (bool, error) {
	if err := s.usable(ctx); err != nil {
		return false, err
	}
	there, err := s.holds(ctx, id)
	if err != nil || !there {
		return false, err
	}
	err = s.remove(ctx, id)
	if err == nil {
		if there, err = s.holds(ctx, id); there {
			err = errors.New("the server took the request, and still has it")
		}
	}
	if err != nil {
		return false, fmt.Errorf("%s: remove run %s: %w", s, id, err)
	}
	return true, nil
}

// holds reports whether a point of the run is there.
func (s *Store) holds(ctx context.Context, id string) (bool, error) {
	for _, m := range measurements {
		rows, err := s.runRows(ctx, "SELECT * FROM "+identifier(m)+" WHERE "+tagged("run_id", id)[0]+" LIMIT 1")
		if err != nil {
			return false, fmt.Errorf("%s: look for run %s: %w", s, id, err)
		}
		if len(rows) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// remove uses the delete API of version 2 (POST /api/v2/delete). If the path does not exist, it uses InfluxQL.
func (s *Store) remove(ctx context.Context, id string) error {
	body, err := json.Marshal(map[string]string{
		"start":     time.Unix(0, math.MinInt64).Add(time.Hour).UTC().Format(time.RFC3339),
		"stop":      time.Unix(0, math.MaxInt64).Add(-time.Hour).UTC().Format(time.RFC3339),
		"predicate": `run_id="` + quoting.Replace(tag(id)) + `"`,
	})
	if err != nil {
		return err
	}
	where, header := url.Values{"org": {s.org}, "bucket": {s.database}},
		http.Header{"Content-Type": {"application/json"}}
	answer, err := s.send(ctx, http.MethodPost, "/api/v2/delete", where, bytes.NewReader(body), header)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusNoContent:
		return nil
	case http.StatusNotFound, http.StatusMethodNotAllowed: // the path is missing: the database was read just now
	default:
		return s.refused(answer)
	}
	for _, m := range measurements {
		for _, err := range s.query(ctx, http.MethodPost, "DELETE FROM "+identifier(m)+" WHERE "+
			tagged("run_id", id)[0]) {
			if err != nil {
				return fmt.Errorf("this server deletes no points (%w): versions 1 and 2 do, 3 has no way to", err)
			}
		}
	}
	return nil
}
