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
	lookShare  = 10               // of the time, looks take one part of so many at the most
	lookSeldom = 10 * time.Second // but the store is looked at so often
	aliveEvery = 15 * time.Second // a line for proxies that end what says nothing
	mostEvents = 1000             // pages that may watch at one time
)

// events goes to each page that watches. Whoever does not take an event in time misses it. What makes the events works
// while somebody watches, and not else.
type events struct {
	make func(ctx context.Context, tell func(event []byte)) // until ctx ends
	room int                                                // of each page, in events

	mu       sync.Mutex
	watching map[chan []byte]bool
	stop     context.CancelFunc
	done     chan struct{} // closed: make has returned
}

// watch gives the events from now on; nil where too many watch already. leave ends it.
func (e *events) watch() (c chan []byte, leave func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.watching) >= mostEvents {
		return nil, nil
	}
	if e.watching == nil {
		e.watching = map[chan []byte]bool{}
	}
	c = make(chan []byte, e.room)
	e.watching[c] = true
	if e.stop == nil {
		var ctx context.Context
		ctx, e.stop = context.WithCancel(context.Background())
		before, done := e.done, make(chan struct{})
		e.done = done
		go func() {
			defer close(done)
			if before != nil {
				<-before
			}
			e.make(ctx, e.tell)
		}()
	}
	return c, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if delete(e.watching, c); len(e.watching) == 0 {
			e.stop()
			e.stop = nil
		}
	}
}

func (e *events) tell(event []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.watching {
		select {
		case c <- event:
		default:
		}
	}
}

// event is one of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
func event(name string, v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, data)
}

// kept is what is told of a run.
type kept struct {
	RunID    string  `json:"run_id"`
	EndTime  float64 `json:"end_time"`
	Location string  `json:"location_id"`
	Platform string  `json:"platform"`
}

func keptEvent(d bench.Digest) []byte {
	return event("kept", kept{d.ID, unix(d.End), d.Series.Location, d.Series.Platform})
}

// tellKept tells of each run that the store has got. A store that cannot say what it has got is asked for its last run.
func (s *Server) tellKept(ctx context.Context, tell func([]byte)) {
	last := ""
	for {
		begun := time.Now()
		store, err := s.source.get()
		if _, ok := store.(bench.Digester); err == nil && ok {
			s.looks.Allow()               // it is one for whoever asks, too
			_ = s.bring(ctx, store, true) // an error shows when somebody reads the store
		} else if err == nil {
			if r := newest(ctx, store); r.ID != "" && r.ID != last {
				if last != "" {
					tell(keptEvent(bench.Digest{ID: r.ID, Series: bench.SeriesOf(r), End: r.End}))
				}
				last = r.ID
			}
		}
		select {
		case <-time.After(max(lookEvery, min(lookShare*time.Since(begun), lookSeldom))):
		case <-ctx.Done():
			return
		}
	}
}

func newest(ctx context.Context, store bench.Store) bench.Run {
	for r, err := range store.Runs(ctx, bench.Query{Limit: 1}) {
		if err == nil {
			return r
		}
	}
	return bench.Run{}
}

// live is a stream of server-sent events: one named kept for each run that the store has got, and with pings=true one
// named pings for what has become known of runs that go on.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	kept, leave := s.kept.watch()
	if kept == nil {
		refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("%d pages watch already", mostEvents))
		return
	}
	defer leave()
	var pings chan []byte
	if r.URL.Query().Get("pings") == "true" && s.Live != nil {
		if pings, leave = s.pings.watch(); pings == nil {
			refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("%d pages watch already", mostEvents))
			return
		}
		defer leave()
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep back what is a few bytes
	out := http.NewResponseController(w)
	w.Write([]byte("retry: 2000\n\n"))
	s.warming(r.Context(), func(e []byte) { // what was there before is no news
		w.Write(e)
		_ = out.Flush()
	})
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for out.Flush() == nil {
		select {
		case e := <-kept:
			w.Write(e)
		case e := <-pings:
			w.Write(e)
		case <-alive.C:
			w.Write([]byte(": here\n\n"))
		case <-r.Context().Done():
			return
		}
	}
}
