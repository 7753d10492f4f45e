package timestream

import (
	"fmt"
	"math"
	"strings"
	"time"

	"rtcbench/bench"
)

// literal is s as a string literal of SQL. Timestream's only escape is the doubled quote.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// identifier is the name of a table or a column in SQL.
func identifier(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// layout is the format in which Timestream writes and reads times. All times are UTC.
const layout = "2006-01-02 15:04:05.000000000"

// instant is t in SQL. It is limited to times that Timestream knows: from 1970 on, in ns that fit into an int64.
func instant(t time.Time) string {
	first, last := time.Unix(0, 0), time.Unix(0, math.MaxInt64)
	if t.Before(first) {
		t = first
	}
	if t.After(last) {
		t = last
	}
	return "TIMESTAMP " + literal(t.UTC().Format(layout))
}

func (s *Store) from() string { return " FROM " + identifier(s.database) + "." + identifier(s.table) }

// where is the condition for records with these measure names, of runs that q asks for.
func where(q bench.Query, measures ...string) string {
	quoted := make([]string, len(measures))
	for i, m := range measures {
		quoted[i] = literal(m)
	}
	conditions := []string{identifier("measure_name") + " IN (" + strings.Join(quoted, ", ") + ")"}
	for _, d := range []struct{ column, value string }{
		{dimRun, q.ID}, {dimPlatform, q.Platform}, {dimLocation, q.Location}, {dimEngine, q.Engine},
		{dimTransport, string(q.Transport)},
	} {
		if d.value != "" {
			conditions = append(conditions, identifier(d.column)+" = "+literal(d.value))
		}
	}
	if !q.Since.IsZero() {
		conditions = append(conditions, identifier("time")+" >= "+instant(q.Since))
	}
	if !q.Until.IsZero() {
		conditions = append(conditions, identifier("time")+" < "+instant(q.Until))
	}
	return " WHERE " + strings.Join(conditions, " AND ")
}

// selectLast is the query for the IDs and ends of the last runs.
func (s *Store) selectLast(q bench.Query) string {
	return fmt.Sprintf("SELECT %s, %s%s%s ORDER BY %[2]s DESC, %[1]s DESC LIMIT %[5]d",
		identifier(dimRun), identifier("time"), s.from(), where(q, measureRun), q.Limit)
}

// selectParts is the query for all records of runs, run by run.
func (s *Store) selectParts(q bench.Query) string {
	measures := []string{measureRun, measureDocument, measureHistogram}
	if q.Samples {
		measures = append(measures, measureSamples)
	}
	var columns []string
	for _, c := range []string{dimRun, "measure_name", dimPart, columnText, columnDocuments, columnHistograms,
		columnSamples} {
		columns = append(columns, identifier(c))
	}
	return "SELECT " + strings.Join(columns, ", ") + s.from() + where(q, measures...) +
		" ORDER BY " + identifier("time") + ", " + identifier(dimRun) + ", " + identifier("measure_name") + ", " +
		identifier(dimPart)
}
