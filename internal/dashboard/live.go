package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"rtcbench/bench"
)

const (
	lookEvery  = time.Second      // while somebody watches
	aliveEvery = 15 * time.Second // a line for proxies that end what says nothing
	mostEvents = 200              // pages that may watch at one time
)

// news tells those who watch of each run that the store has got. It looks while somebody watches, and not else.
type news struct {
	store func() (bench.Store, error)

	mu       sync.Mutex
	watching map[chan []byte]bool
	stop     context.CancelFunc
}

func newNews(s func() (bench.Store, error)) *news {
	return &news{store: s, watching: map[chan []byte]bool{}}
}

// watch gives what is new from now on; nil where too many watch already.
func (n *news) watch() chan []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.watching) >= mostEvents {
		return nil
	}
	c := make(chan []byte, 16)
	n.watching[c] = true
	if n.stop == nil {
		var ctx context.Context
		ctx, n.stop = context.WithCancel(context.Background())
		go n.look(ctx)
	}
	return c
}

func (n *news) leave(c chan []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if delete(n.watching, c); len(n.watching) == 0 {
		n.stop()
		n.stop = nil
	}
}

// kept is what is told of a run.
type kept struct {
	RunID    string  `json:"run_id"`
	EndTime  float64 `json:"end_time"`
	Location string  `json:"location_id"`
	Platform string  `json:"platform"`
}

func (n *news) look(ctx context.Context) {
	seen := n.newest(ctx)
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		r := n.newest(ctx)
		if r.ID == "" || r.ID == seen.ID {
			continue
		}
		seen = r
		line, err := json.Marshal(kept{r.ID, unix(r.End), bench.SeriesOf(r).Location, r.Platform})
		if err != nil {
			continue
		}
		n.mu.Lock()
		for c := range n.watching {
			select {
			case c <- line:
			default: // who does not read misses it, and reads the store again with the next one
			}
		}
		n.mu.Unlock()
	}
}

func (n *news) newest(ctx context.Context) bench.Run {
	store, err := n.store()
	if err != nil {
		return bench.Run{}
	}
	for r, err := range store.Runs(ctx, bench.Query{Limit: 1}) {
		if err == nil {
			return r
		}
	}
	return bench.Run{}
}

// live is a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): one named
// kept for each run that the store has got.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	c := s.news.watch()
	if c == nil {
		refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("%d pages watch already", mostEvents))
		return
	}
	defer s.news.leave(c)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	fmt.Fprint(w, "retry: 2000\n\n")
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for out.Flush() == nil {
		select {
		case line := <-c:
			fmt.Fprintf(w, "event: kept\ndata: %s\n\n", line)
		case <-alive.C:
			fmt.Fprint(w, ": here\n\n")
		case <-r.Context().Done():
			return
		}
	}
}
