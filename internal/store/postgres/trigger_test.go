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
