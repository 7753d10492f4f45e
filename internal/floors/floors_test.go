package floors

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"rtcbench/internal/environment"
	"rtcbench/internal/measure"
)

// of is the environment of a user whose home is dir.
func of(dir string) environment.Environment {
	return func(name string) (string, bool) {
		value, set := map[string]string{"HOME": dir, "XDG_CACHE_HOME": filepath.Join(dir, "cache")}[name]
		return value, set
	}
}

// TestWhatWasCalibratedIsThereTheNextTime: a run is told how much of it the instrument is by what an earlier command
// has measured. A file that is damaged counts as none, and the next rtcbench calibrate writes it anew.
func TestWhatWasCalibratedIsThereTheNextTime(t *testing.T) {
	user := of(t.TempDir())
	if got := Load(user); got == nil || len(got) != 0 {
		t.Errorf("before anything was measured: %v", got)
	}
	want := measure.Floors{measure.FloorKey("livekit", "native", "", 100*time.Millisecond): {P50MS: 0.31,
		CooldownMS: 100, Pings: 300, At: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC), Version: "1"}}
	file, err := Save(user, want)
	if err != nil {
		t.Fatal(err)
	}
	if got := Load(user); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if err := os.WriteFile(file, []byte(`{"livekit/native": {"p50_ms": 0.3`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Load(user); got == nil || len(got) != 0 {
		t.Errorf("of a damaged file: %v", got)
	}
	if _, err := Save(user, want); err != nil || !reflect.DeepEqual(Load(user), want) {
		t.Errorf("after it was measured anew: %v, %v", Load(user), err)
	}
	if other := Load(of(t.TempDir())); len(other) != 0 {
		t.Errorf("another user has %v", other)
	}
	if file, err := Save(environment.Environment(nil), want); err == nil {
		t.Errorf("floors of a user without a home are in %s", file)
	}
}
