package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestRowsThatATriggerDrops: a run counts as kept when the server has taken all its rows, and not when it said yes.
func TestRowsThatATriggerDrops(t *testing.T) {
	s := opened(t, database(t))
	save := func() error {
		return s.Save(t.Context(), bench.NewRecord(benchtest.StoredRun(30, time.Now())))
	}
	if err := save(); err != nil {
		t.Fatal(err)
	}
	do := func(statement string) {
		if _, err := s.pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	do("CREATE FUNCTION drops() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
	for _, c := range []struct{ table, on string }{
		{"run_id", "INSERT"}, {"run", "INSERT"}, {"sample", "INSERT"}, {"rollup", "UPDATE"},
	} {
		do(fmt.Sprintf("CREATE TRIGGER dropper BEFORE %s ON rtcbench.%s FOR EACH ROW EXECUTE FUNCTION drops()", c.on,
			c.table))
		err := save()
		if want := "rows were taken into rtcbench." + c.table; !errors.Is(err, bench.ErrFailed) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", c.table, err)
		}
		do("DROP TRIGGER dropper ON rtcbench." + c.table)
		if err := save(); err != nil {
			t.Errorf("%s, without the trigger: %v", c.table, err)
		}
	}
}

// TestARunThatATriggerRefuses: what somebody's trigger says to one run is about that run, and the next one is offered;
// what the server says of itself is not.
func TestARunThatATriggerRefuses(t *testing.T) {
	s := opened(t, database(t))
	save := func(location string) error {
		r := benchtest.StoredRun(30, time.Now())
		r.Location = location
		return s.Save(t.Context(), bench.NewRecord(r))
	}
	if err := save("good"); err != nil {
		t.Fatal(err)
	}
	do := func(statement string) {
		if _, err := s.pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for code, want := range map[string]bool{
		"P0001": true, "57014": true, "58030": true, "0A000": true, "XX001": true, "38000": true, "44000": true,
		"53100": false, "57P03": false, "55P03": false,
	} {
		do(fmt.Sprintf("CREATE OR REPLACE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "+
			"RAISE EXCEPTION 'not from there' USING ERRCODE = '%s'; END$$", code))
		do("CREATE OR REPLACE TRIGGER refuser BEFORE INSERT ON rtcbench.series FOR EACH ROW " +
			"WHEN (NEW.location = 'bad') EXECUTE FUNCTION refuses()")
		err := save("bad")
		if errors.Is(err, bench.ErrFailed) != want || errors.Is(err, bench.ErrRejected) || !strings.Contains(
			fmt.Sprint(err), "not from there") {
			t.Errorf("%s: %v", code, err)
		}
		if err := save("good"); err != nil {
			t.Errorf("after %s: %v", code, err)
		}
	}
}
