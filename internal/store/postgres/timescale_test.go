package postgres

import (
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// standIn are functions with the signatures of TimescaleDB's reference, which note how they were called, and the row by
// which a database says that it has the extension. They divide nothing: what is tested is what they are asked for.
const standIn = `
SET allow_system_table_mods = on;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
	VALUES (99999, 'timescaledb', 10, 2200, false, 'stand-in');
CREATE TABLE calls (what text);
CREATE FUNCTION create_hypertable(relation regclass, time_column_name name, chunk_time_interval anyelement,
	create_default_indexes boolean) RETURNS boolean LANGUAGE sql AS $$
	INSERT INTO public.calls VALUES (format('%s by %s each %s', relation, time_column_name, chunk_time_interval));
	SELECT true $$;
CREATE FUNCTION drop_chunks(relation regclass, older_than timestamptz) RETURNS SETOF text LANGUAGE sql AS $$
	INSERT INTO public.calls VALUES (format('%s before %s', relation, (older_than AT TIME ZONE 'UTC')::date));
	SELECT 'chunk' $$;
`

// TestTimescale: where TimescaleDB is, it divides both tables, and drops what is too old; no partition is made.
func TestTimescale(t *testing.T) {
	url := database(t)
	name := nameIn(url)
	server.SQL(t, name, standIn)
	s := opened(t, url)
	r := benchtest.StoredRun(10, time.Now())
	if err := s.Save(t.Context(), bench.NewRecord(r)); err != nil {
		t.Fatal(err)
	}
	calls := func(want string) {
		t.Helper()
		if got := server.SQL(t, name, "SELECT string_agg(what, '; ' ORDER BY what) FROM calls"); got != want {
			t.Errorf("it was asked for %q, want %q", got, want)
		}
		server.SQL(t, name, "DELETE FROM calls")
	}
	calls("rtcbench.run by ended each 1 day; rtcbench.sample by ended each 1 day")
	days := 7
	if _, err := s.Init(t.Context(), bench.Retention{RunDays: &days}); err != nil {
		t.Fatal(err)
	}
	first := time.Now().UTC().Add(-7 * 24 * time.Hour).Format(time.DateOnly)
	calls("rtcbench.run before " + first + "; rtcbench.sample before " + first)
	if got := server.SQL(t, name, "SELECT count(*) FROM pg_inherits"); got != "0" {
		t.Errorf("%s partitions", got)
	}
	n := 0
	for _, err := range s.Runs(t.Context(), bench.Query{Samples: true}) {
		if err != nil {
			t.Error(err)
		}
		n++
	}
	if err := s.Check(t.Context()); err != nil || n != 1 {
		t.Errorf("%d runs, %v", n, err)
	}
}
