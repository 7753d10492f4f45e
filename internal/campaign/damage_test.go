package campaign

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// harmed is a file to which something has happened: bits that flipped, here and there or in one page; a page that is
// lost; an end that was cut off; a part that stands elsewhere.
func harmed(sound []byte, rng *rand.Rand) (data []byte, how string) {
	data = bytes.Clone(sound)
	page := rng.IntN(len(data)/4096) * 4096
	flip := func(from, length, n int) {
		for range n {
			data[from+rng.IntN(length)] ^= 1 << rng.IntN(8)
		}
	}
	switch rng.IntN(6) {
	case 0:
		flip(0, len(data), 1)
		return data, "one bit"
	case 1:
		flip(0, len(data), 1+rng.IntN(300))
		return data, "bits"
	case 2:
		flip(page, 4096, 1+rng.IntN(40))
		return data, "bits of a page"
	case 3:
		copy(data[page:page+4096], make([]byte, 4096))
		return data, "a page is empty"
	case 4:
		return data[:1+rng.IntN(len(data)-1)], "cut off"
	}
	other := rng.IntN(len(data)/4096) * 4096
	copy(data[page:page+4096], sound[other:other+4096])
	return data, "a page stands twice"
}

// A store that is damaged in whatever way: no command panics, each run comes back as it was or its loss is told, and a
// run that is saved afterwards is there.
func TestDamagedStores(t *testing.T) {
	rng := random(t)
	first := newPlace(t)
	lines, ids := results(t, 40, time.Now())
	if e := first.run("import", first.write("runs.jsonl", lines), "--store",
		"sqlite:"+first.path("runs.db")); e.code != 0 {
		t.Fatal(e.stderr)
	}
	sound, err := os.ReadFile(first.path("runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	was := exported(first, first.path("runs.db"))
	if len(was) != len(ids) {
		t.Fatalf("%d runs were exported, want %d", len(was), len(ids))
	}
	ask := []string{"history", "--format", "json", "--until", fmt.Sprint(time.Now().Unix()), "--since",
		fmt.Sprint(time.Now().Add(-time.Hour).Unix())}
	history := first.run(append(ask[:len(ask):len(ask)], "--store", "sqlite:"+first.path("runs.db"))...).stdout
	more, newID := results(t, 1, time.Now().Add(time.Second))
	told, silent := map[string]int{}, 0
	for i := range times(6, 60) {
		p := newPlace(t)
		data, how := harmed(sound, rng)
		path := p.write("runs.db", data)
		store := "sqlite:" + path
		e := p.run("export", "--store", store)
		lost := 0
		for id, line := range was {
			switch got := linesByID(e.stdout)[id]; got {
			case line:
			case "":
				lost++
			default:
				silent++
				t.Errorf("store %d (%s): run %s came back otherwise, and nothing was said", i, how, id)
			}
		}
		if lost > 0 && (e.code == 0 || e.stderr == "") {
			silent++
			t.Errorf("store %d (%s): %d runs are missing, exit code %d, said was %q", i, how, lost, e.code, e.stderr)
		}
		h := p.run(append(ask[:len(ask):len(ask)], "--store", store)...)
		said := h.code != 0 || h.stderr != "" || strings.Contains(h.stdout, `"errors": [`)
		if !said && strings.ReplaceAll(h.stdout, path, first.path("runs.db")) != history {
			silent++
			t.Errorf("store %d (%s): history is another one, and nothing was said", i, how)
		}
		for _, args := range [][]string{{"history", "--since", "10m"}, {"store", "status"}, {"store", "check"},
			{"compare", "since=30m", "until=20m"}, {"history", ids[rng.IntN(len(ids))]}, {"report", ids[0]}} {
			p.run(append(args, "--store", store)...)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, data) {
			t.Errorf("store %d (%s): reading has changed it", i, how)
		}
		saved := p.run("import", p.write("more.jsonl", more), "--store", store)
		told[how]++
		if saved.code == 0 {
			if exported(p, path)[newID[0]] == "" {
				silent++
				t.Errorf("store %d (%s): a run was taken, and is not there", i, how)
			}
		} else if waiting := p.run("store", "status", "--store", store); !strings.Contains(waiting.stdout, newID[0]) {
			silent++
			t.Errorf("store %d (%s): a run was not taken, and does not wait\n%s%s", i, how, saved.stderr,
				waiting.stdout)
		}
	}
	t.Logf("%v; %d silent losses", told, silent)
}

func exported(p place, path string) map[string]string {
	return linesByID(p.run("export", "--store", "sqlite:"+path).stdout)
}

func linesByID(text string) map[string]string {
	list := map[string]string{}
	for line := range strings.Lines(text) {
		if ids := idsOf(line); len(ids) > 0 {
			list[ids[0]] = line
		}
	}
	return list
}
