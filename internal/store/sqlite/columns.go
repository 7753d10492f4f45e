package sqlite

import (
	"fmt"
	"strings"

	"rtcbench/bench"
)

// columns are counts that tables have a column for, in the order in which statements name them.
type columns []bench.Count

// counted are the columns of this version.
var counted = columns(bench.SummedCounts)

// names are the columns, with before in front of each.
func (c columns) names(before string) string {
	list := make([]string, len(c))
	for i, x := range c {
		list[i] = before + x.Key
	}
	return strings.Join(list, ", ")
}

// in are pointers to the counts in counts, to scan a row into.
func (c columns) in(counts *bench.Counts) (list []any) {
	for _, x := range c {
		list = append(list, x.Of(counts))
	}
	return list
}

// of are the values of the counts in counts, to write a row.
func (c columns) of(counts bench.Counts) (list []any) {
	for _, x := range c {
		list = append(list, *x.Of(&counts))
	}
	return list
}

// insert is an INSERT statement with a parameter for each column: before, the counts, and after.
func insert(table, before string, c columns, after string) string {
	names := before + ", " + c.names("") + ", " + after
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)", table, names,
		strings.Repeat(", ?", strings.Count(names, ",")))
}

// putRollup is the statement that writes a rollup or replaces it. after are its last columns.
func (c columns) putRollup(after string) string {
	return strings.Replace(insert("rollup", "seconds, series, path, start, invalid, runs", c, after), "INSERT",
		"INSERT OR REPLACE", 1)
}

// since are the migrations that add the columns of c that were not there before.
func (c columns) since(before columns) (list []migration) {
	for _, x := range c[len(before):] {
		list = append(list, migration{sql: addColumn(x.Key)})
	}
	return list
}

// addColumn is the SQL that adds a count to runs and rollups. The values for kept runs come from their documents;
// documents of older versions have none.
func addColumn(name string) string {
	return strings.ReplaceAll(`
ALTER TABLE run ADD COLUMN NAME INTEGER NOT NULL DEFAULT 0;
UPDATE run SET NAME = coalesce(json_extract(document, '$.details.counts.NAME'), 0) WHERE json_valid(document);
ALTER TABLE rollup ADD COLUMN NAME INTEGER NOT NULL DEFAULT 0;
UPDATE rollup SET NAME = coalesce((SELECT sum(run.NAME) FROM run
	WHERE run.series = rollup.series AND run.path = rollup.path AND (run.invalid <> 0) = (rollup.invalid <> 0)
	AND run.ended >= rollup.start * 1000000
	AND run.ended < (rollup.start + rollup.seconds) * 1000000), 0);
UPDATE run SET crc = NULL WHERE NAME <> 0;
UPDATE rollup SET crc = NULL WHERE NAME <> 0;
`, "NAME", name)
}
