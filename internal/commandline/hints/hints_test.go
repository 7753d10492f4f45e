package hints

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/keep"
	"rtcbench/internal/measure"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
	"rtcbench/internal/stores"
)

// TestWhoFailsHearsWhatHelps: the rooms below know no command and no flag, and whoever gets their error on a command
// line hears the one that helps, once, however deep the error lies.
func TestWhoFailsHearsWhatHelps(t *testing.T) {
	why := errors.New("why")
	for _, c := range []struct {
		err  error
		help string // "" = nothing helps
	}{
		{&measure.LateError{Limit: 3 * time.Second, Err: why}, "after 3s (--connect-timeout waits longer)"},
		{&bench.LateError{What: "no answer", Waiting: bench.StepICE}, "--engine browser also goes over TCP"},
		{&bench.LateError{What: "no answer", Waiting: bench.StepTCP}, "; --connect-timeout waits longer"},
		{&keep.Refused{Store: "sqlite", RunID: "1"}, "(rtcbench store status)"},
		{&keep.Waiting{Store: "influxdb", Older: true}, "(rtcbench store status)"},
		{&keep.Waiting{Store: "influxdb"}, "(rtcbench store flush delivers)"},
		{&keep.NoRoom{Err: outbox.ErrFull, Where: "/tmp/run.json", Fates: []keep.Fate{{Store: "influxdb", Err: why}}},
			"deliver with rtcbench store flush; influxdb did not take it either: why; " +
				"it is in /tmp/run.json (rtcbench import)"},
		{&keep.NoRoom{Err: why, Gone: errors.New("disk"), Fates: []keep.Fate{{Store: "sqlite"}}},
			"; sqlite has it; the folder for temporary files did not take it either: disk"},
		{&stores.NoFolder{}, "name one with --data-dir, or keep nothing with --store none"},
		{outbox.ErrFull, "deliver with rtcbench store flush"},
		{&archive.Unreadable{RunID: "3eba4b1c", Err: why}, "rtcbench store remove 3eba4b1c"},
		{&archive.Unreadable{Err: why}, ""},
		{result.ErrStore, "--store sqlite:FILE"},
		{&archive.NoStore{File: "runs.db"}, "or name another with --store"},
		{&archive.Nothing{Store: "runs.db"}, "rtcbench history without filters shows all"},
		{&archive.Nothing{Store: "runs.db", Empty: true}, ""},
		{&archive.Unindexed{RunID: "1", Store: "s"}, "rtcbench store check"},
		{&archive.Several{Asked: "3eba", Runs: 2}, "give more of the ID"},
		{why, ""},
	} {
		err := fmt.Errorf("around it: %w", c.err)
		said := For(err)
		if rest, ok := strings.CutPrefix(said.Error(), err.Error()); !ok || !strings.Contains(rest, c.help) ||
			(c.help == "") != (rest == "") {
			t.Errorf("%T: %q, want %q behind it", c.err, said, c.help)
		}
		if again := For(fmt.Errorf("%w", said)).Error(); again != said.Error() {
			t.Errorf("%T: said twice: %q", c.err, again)
		}
		if !errors.Is(said, c.err) {
			t.Errorf("%T is gone from its error", c.err)
		}
	}
	if For(nil) != nil {
		t.Error("nothing went wrong, and it is an error")
	}
}

// TestASecretInPlaceOfAnID: what was taken for an ID is shown where it can be one, and not where it may be a secret.
func TestASecretInPlaceOfAnID(t *testing.T) {
	for text, shown := range map[string]bool{"3eba4b1c": true, "kPz9!secret-token-of-mine": false} {
		for _, err := range []error{&archive.NotOne{Asked: text, Store: "runs.db"},
			&archive.NotOne{Asked: text, Store: "runs.db", Found: []string{"1a", "1b"}}} {
			if said := Called(text, err).Error(); strings.Contains(said, text) != shown ||
				!strings.Contains(said, "runs.db") {
				t.Errorf("%q", said)
			}
		}
	}
}
