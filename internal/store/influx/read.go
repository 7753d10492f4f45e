package influx

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// How many runs one query reads. With samples there are fewer: the samples of a run may have megabytes.
const (
	pageSize      = 200
	pageOfSamples = 20
)

// Runs reads runs page by page. A server that accepts line protocol but does not answer InfluxQL, such as
// VictoriaMetrics, gives a single error.
func (s *Store) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return bench.RunsOnWay(q, func(q bench.Query) iter.Seq2[bench.Run, error] { return s.read(ctx, q) })
}

func (s *Store) read(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		if err := s.usable(ctx); err != nil {
			yield(bench.Run{}, err)
			return
		}
		size := pageSize
		if q.Samples {
			size = pageOfSamples
		}
		pages := s.forward(ctx, q, size)
		if q.Limit > 0 {
			pages = s.last(ctx, q, size)
		}
		for rows, err := range pages {
			var samples map[string][]string
			if err == nil && q.Samples {
				samples, err = s.samples(ctx, q, rows)
			}
			if err != nil {
				yield(bench.Run{}, fmt.Errorf("%s: read: %w", s, err))
				return
			}
			for _, r := range rows {
				run, err := r.run(q.Samples, samples[r.text("run_id")])
				if err != nil {
					run, err = bench.Run{ID: r.text("run_id")}, fmt.Errorf("%s: run %s: %w", s, r.text("run_id"), err)
				}
				if !yield(run, err) {
					return
				}
			}
		}
	}
}

// forward gives pages of the points of runs, the oldest first. The next page begins at the time of the last point, and
// skips the points of this time that were given: several runs may end at the same moment.
func (s *Store) forward(ctx context.Context, q bench.Query, size int) iter.Seq2[[]row, error] {
	return func(yield func([]row, error) bool) {
		given := map[string]bool{} // runs given that ended when the next page begins
		for {
			rows, err := s.runRows(ctx, selectRuns(q)+fmt.Sprintf(" ORDER BY time ASC LIMIT %d", size))
			full := len(rows) == size
			next := time.Time{}
			if err == nil && len(rows) > 0 {
				next = rows[len(rows)-1].time()
			}
			rows = slices.DeleteFunc(rows, func(r row) bool { return given[r.text("run_id")] })
			if err != nil || len(rows) > 0 {
				if !yield(rows, err) || err != nil {
					return
				}
			}
			if !full {
				return
			}
			if !next.Equal(q.Since) {
				clear(given)
			}
			if len(rows) == 0 { // more runs ended at this moment than a page holds
				size *= 2
			}
			for _, r := range rows {
				if r.time().Equal(next) {
					given[r.text("run_id")] = true
				}
			}
			q.Since = next
		}
	}
}

// last gives the points of the last q.Limit runs in ascending order.
func (s *Store) last(ctx context.Context, q bench.Query, size int) iter.Seq2[[]row, error] {
	return func(yield func([]row, error) bool) {
		rows, err := s.runRows(ctx, selectRuns(q)+fmt.Sprintf(" ORDER BY time DESC LIMIT %d", q.Limit))
		slices.Reverse(rows)
		for page := range slices.Chunk(rows, size) {
			if !yield(page, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// selectRuns is the query for the points of the runs that q asks for.
func selectRuns(q bench.Query) string {
	conditions := append(names(q), tagged("engine", q.Engine)...)
	conditions = append(conditions, tagged("transport_class", string(q.Transport))...)
	if !q.Since.IsZero() {
		conditions = append(conditions, fmt.Sprintf("time >= %d", nanoseconds(q.Since)))
	}
	if !q.Until.IsZero() {
		conditions = append(conditions, fmt.Sprintf("time < %d", nanoseconds(q.Until)))
	}
	sql := "SELECT * FROM " + identifier(runMeasurement)
	if len(conditions) > 0 {
		sql += " WHERE " + strings.Join(conditions, " AND ")
	}
	return sql
}

// names are the conditions for tags that every measurement has.
func names(q bench.Query) []string {
	return slices.Concat(tagged("run_id", q.ID), tagged("platform", q.Platform), tagged("location_id", q.Location))
}

// tagged is the condition for a tag; none if value is empty.
func tagged(name, value string) []string {
	if value == "" {
		return nil
	}
	return []string{identifier(name) + " = " + literal(tag(value))}
}

// nanoseconds is t in ns since the Unix epoch, limited to the times that InfluxDB knows.
func nanoseconds(t time.Time) int64 {
	switch first, last := time.Unix(0, math.MinInt64), time.Unix(0, math.MaxInt64); {
	case t.Before(first):
		return math.MinInt64 + 2 // InfluxDB reserves the two lowest values (influxdb/models/time.go)
	case t.After(last):
		return math.MaxInt64 - 1
	}
	return t.UnixNano()
}

var quoting = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `"`, `\"`, "\n", `\n`)

// literal is s as a string of InfluxQL, identifier as a name.
// https://docs.influxdata.com/influxdb/v1/query_language/spec/#literals
func literal(s string) string { return "'" + quoting.Replace(s) + "'" }

func identifier(s string) string { return `"` + quoting.Replace(s) + `"` }

// samples are the pieces of the packed samples, by the run's ID.
func (s *Store) samples(ctx context.Context, q bench.Query, rows []row) (map[string][]string, error) {
	byRun := map[string][]string{}
	if len(rows) == 0 {
		return byRun, nil
	}
	from, to := rows[0].time(), rows[0].time()
	for _, r := range rows {
		n, _ := r.integer("samples_pieces")
		if last := r.time().Add(time.Duration(n)); last.After(to) { // the pieces are one nanosecond apart
			to = last
		}
	}
	if len(rows) == 1 {
		q.ID = rows[0].text("run_id")
	}
	conditions := append(names(q), fmt.Sprintf("time >= %d", from.UnixNano()), fmt.Sprintf("time <= %d", to.UnixNano()))
	for r, err := range s.query(ctx, http.MethodGet,
		fmt.Sprintf("SELECT run_id, data FROM %s WHERE %s ORDER BY time ASC", identifier(samplesMeasurement),
			strings.Join(conditions, " AND "))) {
		if err != nil {
			return nil, err
		}
		byRun[r.text("run_id")] = append(byRun[r.text("run_id")], r.text("data"))
	}
	return byRun, nil
}

// row is a row of an answer, by the names of the columns. A null is left out.
type row map[string]any

func (r row) text(name string) string {
	s, _ := r[name].(string)
	return s
}

func (r row) integer(name string) (int64, error) {
	n, ok := r[name].(json.Number)
	if !ok {
		return 0, fmt.Errorf("it has no %s", name)
	}
	return strconv.ParseInt(n.String(), 10, 64)
}

func (r row) time() time.Time {
	n, _ := r.integer("time")
	return time.Unix(0, n)
}

// pieces joins the pieces of a text.
func (r row) pieces(name string) (string, error) {
	count, err := r.integer(name + "_pieces")
	if err != nil || count < 0 || count > maxPieces {
		return "", fmt.Errorf("the number of pieces of its %s is not one", name)
	}
	var b strings.Builder
	for i := range count {
		piece, ok := r[fmt.Sprintf("%s_%03d", name, i)].(string)
		if !ok {
			return "", fmt.Errorf("piece %d of %d of its %s is missing", i+1, count, name)
		}
		b.WriteString(piece)
	}
	return b.String(), nil
}

func (r row) run(wantSamples bool, samples []string) (bench.Run, error) {
	document, err := r.pieces("document")
	if err != nil {
		return bench.Run{}, err
	}
	histogram, err := r.pieces("histogram")
	if err != nil {
		return bench.Run{}, err
	}
	p := result.Packed{Packed: bench.Packed{Document: []byte(document)}}
	if p.Histogram, err = base64.StdEncoding.DecodeString(histogram); err != nil {
		return bench.Run{}, fmt.Errorf("its histogram: %w", err)
	}
	if wantSamples {
		n, err := r.integer("samples_pieces")
		if err != nil || n != int64(len(samples)) {
			return bench.Run{},
				fmt.Errorf("%d of %v pieces of its samples are there: the retention may have taken the others",
					len(samples), r["samples_pieces"])
		}
		if n > 0 {
			if p.Samples, err = base64.StdEncoding.DecodeString(strings.Join(samples, "")); err != nil {
				return bench.Run{}, fmt.Errorf("its samples: %w", err)
			}
		}
	}
	return p.Run()
}

// showDatabases is a query that has rows on every server that permits it.
const showDatabases = "SHOW DATABASES"
