package outbox

import (
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestUseOfStores: whatever stores are used in whatever order, those that came back after another of their kind are
// known, as they are to somebody who writes every use down. A use that changes no order writes no file.
func TestUseOfStores(t *testing.T) {
	names := []string{"db:a", "db:b", "db:c", "file:x"}
	synctest.Test(t, func(t *testing.T) {
		for seed := range uint64(50) {
			r := rand.New(rand.NewPCG(seed, 0))
			o := box(t)
			used, back := map[string]time.Time{}, map[string]bool{}
			for range 12 {
				time.Sleep(time.Second)
				var now []string
				in := map[string]bool{}
				for _, i := range r.Perm(len(names))[:1+r.IntN(2)] {
					now, in[names[i]] = append(now, names[i]), true
				}
				for _, name := range now {
					for other, at := range used {
						if !in[other] && other[0] == name[0] && !used[name].IsZero() && at.After(used[name]) {
							back[name] = true
						}
					}
				}
				for _, name := range now {
					used[name] = time.Now()
				}
				o.use(now)
				for _, name := range names {
					if got := o.known(name).Back; got != back[name] {
						t.Fatalf("seed %d, after %v: %s: back is %v", seed, now, name, got)
					}
				}
				before := stored(t, o, now)
				o.use(now)
				for i, info := range stored(t, o, now) {
					if !os.SameFile(info, before[i]) {
						t.Fatalf("seed %d: %s was written again", seed, now[i])
					}
				}
			}
		}
	})
}

func stored(t *testing.T, o *Outbox, names []string) (list []os.FileInfo) {
	t.Helper()
	for _, name := range names {
		info, err := os.Stat(o.knownPath(tag(name)))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, info)
	}
	return list
}
