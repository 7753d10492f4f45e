package timestream

import (
	"fmt"
	"math"
	"strings"
	"time"

	"rtcbench/bench"
)

// literal is s as a string of SQL. Timestream's SQL knows no other escape than the doubled quote.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// identifier is the name of a table or a column in SQL.
func identifier(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// layout is how Timestream writes a time, and reads one. All times are UTC.
const layout = "2006-01-02 15:04:05.000000000"

// instant is t in SQL. Timestream knows no time before 1970 and none after int64's nanoseconds.
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

// where is the condition for records of these measure names that belong to runs which q asks for.
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

// selectLast asks for the ids and ends of the last runs.
func (s *Store) selectLast(q bench.Query) string {
	return fmt.Sprintf("SELECT %s, %s%s%s ORDER BY %[2]s DESC, %[1]s DESC LIMIT %[5]d",
		identifier(dimRun), identifier("time"), s.from(), where(q, measureRun), q.Limit)
}

// selectParts asks for everything that is kept of runs, run by run.
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
