package fleet

import (
	"fmt"
	"testing"
	"time"
)

// TestAMeshIsWhole: in each slot every place measures one other and answers one, and what both believe is the same;
// after as many slots as there are others each has measured each.
func TestAMeshIsWhole(t *testing.T) {
	for n := range 9 {
		j := Job{Name: "m", Echo: EchoMesh}
		for i := range n {
			j.Among = append(j.Among, fmt.Sprint("p", i))
		}
		p := Plan{Every: time.Minute}
		cells := map[string]int{}
		for k := range max(0, n-1) {
			slot := time.Unix(1_800_000_000, 0).Add(time.Duration(k) * time.Minute)
			for _, name := range j.Among {
				to, measures := p.Turn(j, name, slot)
				if measures != (n > 1) || to == name {
					t.Fatalf("%d places: %s measures %v, to %s", n, name, measures, to)
				}
				if c := p.Callers(j, to, slot); len(c) != 1 || c[0] != name {
					t.Fatalf("%d places: %s calls %s, who answers %v", n, name, to, c)
				}
				cells[name+" "+to]++
			}
		}
		if want := n * (n - 1); n > 1 && len(cells) != want {
			t.Errorf("%d places: %d cells after %d slots, want %d", n, len(cells), n-1, want)
		}
	}
	j := Job{Echo: "place:iad-1", Among: []string{"fra-1", "sin-1"}}
	p, now := Plan{Every: time.Minute}, time.Now()
	if at, ok := p.Turn(j, "fra-1", now); at != "iad-1" || !ok {
		t.Errorf("fra-1 calls %q, %v", at, ok)
	}
	if _, ok := p.Turn(j, "iad-1", now); ok {
		t.Error("the echo measures itself")
	}
	if c := p.Callers(j, "iad-1", now); fmt.Sprint(c) != "[fra-1 sin-1]" || p.Callers(j, "fra-1", now) != nil {
		t.Errorf("iad-1 answers %v", c)
	}
}
