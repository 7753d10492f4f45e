package outbox

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// full makes an outbox in which so many runs wait for a store called away, and gives the run that all of them are.
func full(t testing.TB, many int) (*Outbox, bench.Run) {
	t.Helper()
	o := Open(filepath.Join(t.TempDir(), "outbox"), 1<<40)
	r := benchtest.StoredRun(100, time.Now())
	d, data, err := o.file(result.NewDocument(bench.NewRecord(r)), []string{"away"}, nil)
	if err := errors.Join(err, os.MkdirAll(o.dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	o.use([]string{"away"})
	for range many {
		if err := os.WriteFile(strings.Replace(d.path, r.ID, uuid.NewString(), 1), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return o, r
}

// What waits is counted by the names of files. The oldest ones alone are opened, also where a name does not say for
// whom a run waits.
func TestOverview(t *testing.T) {
	o := box(t)
	var ids []string
	for i := range 9 {
		stores := []string{"x", "y"}[:1+i%2]
		r := benchtest.StoredRun(5, time.Now())
		if err := o.Put(result.NewDocument(bench.NewRecord(r)), stores); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	files, _ := filepath.Glob(filepath.Join(o.dir, "*.json"))
	slices.Sort(files)
	for _, path := range files[3:] {
		if err := os.WriteFile(path, []byte("nobody opens it"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, sizes, err := o.used()
	if err != nil {
		t.Fatal(err)
	}
	bytes := int64(0)
	for _, i := range sizes {
		bytes += i.size
	}
	want := map[string]int{"x": 9, "y": 4}
	c := o.To([]Target{target("x", &shelf{})}, 0) // y is known by what the outbox remembers of it
	for _, most := range []int{3, 2, 0} {
		v, err := c.Waiting(most)
		if err != nil || v.Runs != 9 || v.Bytes != bytes || !maps.Equal(v.For, want) || len(v.Oldest) != most {
			t.Errorf("the %d oldest: %+v, %v", most, v, err)
		}
		for i, e := range v.Oldest {
			if e.RunID != ids[i] || len(e.Stores) == 0 || e.Ended == 0 {
				t.Errorf("%d of the oldest is %+v, want run %s", i, e, ids[i])
			}
		}
	}
	if err := os.Rename(files[0], filepath.Join(o.dir, ids[0]+".json")); err != nil { // as older versions named it
		t.Fatal(err)
	}
	if v, err := c.Waiting(1); err != nil || v.Runs != 9 || !maps.Equal(v.For, want) {
		t.Errorf("with one that an older rtcbench wrote: %+v, %v", v, err)
	}
}

// TestAFileWithoutARun is told as such, and not as a run of 1970.
func TestAFileWithoutARun(t *testing.T) {
	for _, text := range []string{`{"outbox":1,"stores":{"x":{}}}`, `{"outbox":1,"stores":{"x":{}},"run":null}`,
		`{"outbox":1,"stores":{"x":{}},"run":{}}`} {
		o := box(t)
		if err := os.MkdirAll(o.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.dir, "1.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := o.Waiting()
		if count(t, list, err) != 1 || !strings.Contains(list[0].Stores[""].Error, "there is no run in it") {
			t.Errorf("%s: %+v", text, list)
		}
	}
}

// What was rejected is counted, too, and what is no run is named.
func TestOverviewOfRejected(t *testing.T) {
	o := box(t)
	put(t, o, "x")
	deliver(t, o, target("x", &shelf{fail: func(bench.Run) error { return fmt.Errorf("%w: no", bench.ErrRejected) }}))
	if err := os.Mkdir(filepath.Join(o.rejected(), "0.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	v, err := o.To(nil, 0).Rejected(5)
	if err != nil || v.Runs != 1 || v.For["x"] != 1 || len(v.Oldest) != 2 || v.Oldest[0].Stores["x"].Error == "" ||
		!strings.Contains(v.Oldest[1].Stores[""].Error, "a folder") {
		t.Errorf("%+v, %v", v, err)
	}
}

// BenchmarkFullOutbox: a run is put and delivered while so many wait for a store that refuses at once.
func BenchmarkFullOutbox(b *testing.B) {
	for _, many := range []int{100, 10_000} {
		b.Run(fmt.Sprint(many), func(b *testing.B) {
			o, r := full(b, many)
			away := target("away", &shelf{fail: func(bench.Run) error { return errors.New("connection refused") }})
			for b.Loop() {
				c := o.To([]Target{target("up", &shelf{}), away}, time.Second)
				if err := o.Put(result.NewDocument(bench.NewRecord(r)), []string{"up", "away"}); err != nil {
					b.Fatal(err)
				}
				out, err := c.Deliver(b.Context(), r.ID)
				if err != nil || out.Waiting < many {
					b.Fatal(out.Waiting, err)
				}
			}
		})
	}
}

// BenchmarkOverview: what store status reads.
func BenchmarkOverview(b *testing.B) {
	for _, many := range []int{100, 10_000} {
		b.Run(fmt.Sprint(many), func(b *testing.B) {
			o, _ := full(b, many)
			for b.Loop() {
				if v, err := o.To(nil, 0).Waiting(50); err != nil || v.For["away"] != many || len(v.Oldest) != 50 {
					b.Fatal(v.For, len(v.Oldest), err)
				}
			}
		})
		b.Run(fmt.Sprint(many, " listed"), func(b *testing.B) {
			o, _ := full(b, many)
			for b.Loop() {
				if items, _, _, err := list(o.dir); err != nil || len(items) != many {
					b.Fatal(len(items), err)
				}
			}
		})
	}
}
