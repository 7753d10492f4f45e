package campaign

import (
	"compress/gzip"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// moody is a database that takes line protocol, and is not always there: it fails, or takes what is written and ends
// the connection before it has said so.
type moody struct {
	*httptest.Server

	mu    sync.Mutex
	rng   *rand.Rand                 // nil = it is well
	whole map[string]map[string]bool // by run: the points by which it is found; more than one is a run that is doubled
}

func newMoody(t *testing.T, rng *rand.Rand) *moody {
	m := &moody{rng: rng, whole: map[string]map[string]bool{}}
	m.Server = httptest.NewServer(m)
	t.Cleanup(m.Close)
	return m
}

var runPoint = regexp.MustCompile(`(?m)^rtcbench_run,(?:.*,)?run_id=([0-9a-f-]{36}).* (\d+)$`)

func (m *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	mood := 0
	if m.rng != nil {
		mood = m.rng.IntN(4)
	}
	if mood == 1 {
		http.Error(w, `{"code":"unavailable","message":"later"}`, http.StatusServiceUnavailable)
		return
	}
	body := io.Reader(r.Body)
	if z, err := gzip.NewReader(r.Body); err == nil {
		body = z
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return // whoever wrote it is gone
	}
	if strings.HasSuffix(r.URL.Path, "/write") {
		for _, point := range runPoint.FindAllSubmatch(text, -1) {
			id := string(point[1])
			if m.whole[id] == nil {
				m.whole[id] = map[string]bool{}
			}
			m.whole[id][string(point[2])] = true
		}
	}
	if mood == 2 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusNoContent)
}

// recovers makes it well, and gives what it has.
func (m *moody) recovers() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rng = nil
}

func (m *moody) points(id string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.whole[id])
}
