package influx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rtcbench/bench"
)

// runRows are rows that each stand for a run. A row without run_id is an error: VictoriaMetrics answers every query
// with the same rows, which have none.
func (s *Store) runRows(ctx context.Context, sql string) ([]row, error) {
	rows, err := s.all(ctx, sql)
	if err == nil && slices.ContainsFunc(rows, func(r row) bool { return r.text("run_id") == "" }) {
		return nil, s.unreadable(errors.New("it gave rows that nobody asked for"))
	}
	return rows, err
}

func (s *Store) all(ctx context.Context, sql string) (rows []row, err error) {
	for r, err := range s.query(ctx, http.MethodGet, sql) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// answer is the JSON that /query answers with (API reference of version 1; the later versions kept the format). JSON
// with neither results nor an error is not an answer of InfluxDB.
type answer struct {
	Error   string `json:"error"`
	Results []struct {
		Error  string `json:"error"`
		Series []struct {
			Columns []string `json:"columns"`
			Values  [][]any  `json:"values"`
			Partial bool     `json:"partial"` // the next chunk continues this series
		} `json:"series"`
	} `json:"results"`
}

// query asks in InfluxQL and gives the rows of the answer.
func (s *Store) query(ctx context.Context, method, sql string) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		parameters := url.Values{"db": {s.database}, "epoch": {"ns"}, "chunked": {"true"}, "q": {sql}}
		response, err := s.send(ctx, method, "/query", parameters, nil, http.Header{"Accept": {"application/json"}})
		if err != nil {
			yield(nil, err)
			return
		}
		defer response.Body.Close()
		switch {
		case response.StatusCode == http.StatusOK:
			s.rows(ctx, response.Body, sql, yield)
		case response.StatusCode/100 == 2:
			yield(nil, s.unexpected(response, http.StatusOK))
		default:
			yield(nil, s.noQuery(s.refused(response)))
		}
	}
}

// rows yields the rows of an answer. A chunked answer is several JSON values.
func (s *Store) rows(ctx context.Context, body io.Reader, sql string, yield func(row, error) bool) {
	decoder := json.NewDecoder(body)
	decoder.UseNumber()
	values, partial := 0, false
	for ; ; values++ {
		var a answer
		switch err := decoder.Decode(&a); {
		case err == io.EOF:
			if err := s.whole(ctx, sql, values, partial); err != nil {
				yield(nil, err)
			}
			return
		case err != nil:
			yield(nil, fmt.Errorf("it does not answer as an InfluxDB: %s", s.harmless(err.Error())))
			return
		case a.Error != "":
			yield(nil, s.said(a.Error))
			return
		case len(a.Results) == 0:
			yield(nil, errors.New("it does not answer as an InfluxDB: its answer has no results"))
			return
		}
		for _, result := range a.Results {
			if result.Error != "" {
				yield(nil, s.said(result.Error))
				return
			}
			for _, series := range result.Series {
				partial = series.Partial
				for _, values := range series.Values {
					r := make(row, len(values))
					for i, v := range values {
						if v != nil && i < len(series.Columns) {
							r[series.Columns[i]] = v
						}
					}
					if !yield(r, nil) {
						return
					}
				}
			}
		}
	}
}

// whole is an error if an answer is incomplete. An empty answer is correct in version 3 if there are no rows, but a
// proxy may give it, too. So the server has to answer SHOW DATABASES with rows to be believed.
func (s *Store) whole(ctx context.Context, sql string, values int, partial bool) error {
	switch {
	case partial:
		return fmt.Errorf("it gave a part of the answer only: ask for less at a time%s",
			bench.Hint(" (", s.words.Since, ")"))
	case values > 0:
		return nil
	case sql != showDatabases:
		for _, err := range s.query(ctx, http.MethodGet, showDatabases) {
			return err
		}
	}
	return errors.New("it does not answer as an InfluxDB: its answer is empty")
}

// said turns the error text in an answer with status 200 into an error.
func (s *Store) said(reason string) error {
	reason = s.harmless(reason)
	if strings.HasPrefix(reason, noDatabase) {
		return errors.New(reason + bench.Hint(" (make it: ", s.words.Init, ")"))
	}
	return errors.New(reason)
}

// noQuery explains why /query was refused.
func (s *Store) noQuery(r *refusal) error {
	if r.plain && (r.status == http.StatusNotFound || r.status == http.StatusBadRequest) {
		return s.unreadable(r)
	}
	return r
}

func (s *Store) unreadable(err error) error {
	return fmt.Errorf("it answers no InfluxQL (%w): what takes only line protocol, as VictoriaMetrics, is written to "+
		"and not read from", err)
}
