package timestream

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/timestreamquery"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// Runs reads runs page by page. A run is not seen before its last record is. Timestream is eventually consistent: a run
// may be seen some time after Save. A run in the magnetic store may be seen up to six hours later.
func (s *Store) Runs(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return bench.RunsOnWay(q, func(q bench.Query) iter.Seq2[bench.Run, error] { return s.read(ctx, q) })
}

func (s *Store) read(ctx context.Context, q bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		if err := s.usable(ctx); err != nil {
			yield(bench.Run{}, err)
			return
		}
		wanted := func(string) bool { return true }
		if q.Limit > 0 {
			var ids map[string]bool
			var err error
			if ids, q, err = s.last(ctx, q); err != nil {
				yield(bench.Run{}, fmt.Errorf("%s: read: %w", s, err))
				return
			}
			if len(ids) == 0 {
				return
			}
			wanted = func(id string) bool { return ids[id] }
		}
		for p, err := range s.pieces(ctx, q) {
			if err != nil {
				yield(bench.Run{}, fmt.Errorf("%s: read: %w", s, err))
				return
			}
			if !p.whole || !wanted(p.id) {
				continue
			}
			run, err := p.run(q.Samples)
			if err != nil {
				run, err = bench.Run{ID: p.id}, fmt.Errorf("%s: run %s: %w", s, p.id, err)
			}
			if !yield(run, err) {
				return
			}
		}
	}
}

// last finds the last q.Limit runs, and narrows the time span of q to their ends.
func (s *Store) last(ctx context.Context, q bench.Query) (map[string]bool, bench.Query, error) {
	ids := map[string]bool{}
	for row, err := range s.ours(ctx, s.selectLast(q)) {
		if err != nil {
			return nil, q, err
		}
		end, err := time.Parse(layout, row["time"])
		if err != nil {
			return nil, q, fmt.Errorf("the end of run %s: %w", row[dimRun], err)
		}
		if len(ids) == 0 {
			q.Until = end.Add(1)
		}
		q.Since = end
		ids[row[dimRun]] = true
	}
	return ids, q, nil
}

// pieces are the records of a run: its texts by measure name and part number.
type pieces struct {
	id     string
	whole  bool // the record that is written last was seen
	counts map[string]string
	texts  map[string]map[int]string
}

// pieces yields the pieces of runs in the order of their ends.
func (s *Store) pieces(ctx context.Context, q bench.Query) iter.Seq2[pieces, error] {
	return func(yield func(pieces, error) bool) {
		var p pieces
		for row, err := range s.ours(ctx, s.selectParts(q)) {
			if err != nil {
				yield(pieces{}, err)
				return
			}
			if id := row[dimRun]; id != p.id {
				if p.id != "" && !yield(p, nil) {
					return
				}
				p = pieces{id: id, texts: map[string]map[int]string{}}
			}
			p.add(row)
		}
		if p.id != "" {
			yield(p, nil)
		}
	}
}

func (p *pieces) add(row map[string]string) {
	name := row["measure_name"]
	if name == measureRun {
		p.whole, p.counts = true, map[string]string{measureDocument: row[columnDocuments],
			measureHistogram: row[columnHistograms], measureSamples: row[columnSamples]}
		return
	}
	if p.texts[name] == nil {
		p.texts[name] = map[int]string{}
	}
	if n, err := strconv.Atoi(row[dimPart]); err == nil {
		p.texts[name][n] = row[columnText]
	}
}

func (p pieces) run(samples bool) (bench.Run, error) {
	var packed result.Packed
	document, err := p.text(measureDocument)
	if err != nil {
		return bench.Run{}, err
	}
	packed.Document = []byte(document)
	if packed.Histogram, err = p.bytes(measureHistogram); err != nil {
		return bench.Run{}, err
	}
	if samples {
		if packed.Samples, err = p.bytes(measureSamples); err != nil {
			return bench.Run{}, err
		}
	}
	return packed.Run()
}

func (p pieces) text(measure string) (string, error) {
	count, err := strconv.Atoi(p.counts[measure])
	if err != nil || count < 0 || count > maxParts {
		return "", fmt.Errorf("%s has %.20q parts: that is no number of them", measure, p.counts[measure])
	}
	var b strings.Builder
	for i := range count {
		t, ok := p.texts[measure][i]
		if !ok {
			return "", fmt.Errorf("part %d of %d of %s is missing: it may not be seen yet, or the table's retention "+
				"has taken it", i+1, count, measure)
		}
		b.WriteString(t)
	}
	return b.String(), nil
}

// bytes decodes a text from base64; nil = the text is empty.
func (p pieces) bytes(measure string) ([]byte, error) {
	t, err := p.text(measure)
	if err != nil || t == "" {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", measure, err)
	}
	return b, nil
}

// rows sends a query and yields its rows by the names of the columns. A NULL is left out.
func (s *Store) rows(ctx context.Context, sql string) iter.Seq2[map[string]string, error] {
	return func(yield func(map[string]string, error) bool) {
		in := &timestreamquery.QueryInput{QueryString: aws.String(sql)}
		for {
			out, err := s.query.Query(ctx, in)
			// Every answer of Timestream has all three.
			if err == nil && (aws.ToString(out.QueryId) == "" || out.ColumnInfo == nil || out.Rows == nil) {
				err = errors.New("the answer is not one of Timestream's to a query")
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range out.Rows {
				row := make(map[string]string, len(r.Data))
				for i, d := range r.Data {
					if d.ScalarValue != nil && i < len(out.ColumnInfo) {
						row[aws.ToString(out.ColumnInfo[i].Name)] = *d.ScalarValue
					}
				}
				if !yield(row, nil) {
					return
				}
			}
			if aws.ToString(out.NextToken) == "" {
				return
			}
			in.NextToken = out.NextToken // a page may be empty and still have a successor
		}
	}
}

// ours sends a query for records of rtcbench. Before the first such record, the table lacks their columns and the query
// is invalid. It then gives no rows.
func (s *Store) ours(ctx context.Context, sql string) iter.Seq2[map[string]string, error] {
	return func(yield func(map[string]string, error) bool) {
		for row, err := range s.rows(ctx, sql) {
			if isValidation(err) && !s.hasRuns(ctx) {
				return
			}
			if err != nil {
				err, _ = s.explain(ctx, err)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// hasRuns reports whether the table has columns of rtcbench. If that cannot be found out, it returns true.
func (s *Store) hasRuns(ctx context.Context) bool {
	for row, err := range s.rows(ctx, "DESCRIBE "+identifier(s.database)+"."+identifier(s.table)) {
		if err != nil || row["Column"] == columnDocuments {
			return true
		}
	}
	return false
}
