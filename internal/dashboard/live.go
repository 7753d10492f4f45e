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
	lookEvery  = time.Second      // between two looks at the store, while a page watches
	lookShare  = 10               // looks take at most one part in so many of the time
	lookSeldom = 10 * time.Second // the longest pause between two looks
	aliveEvery = 15 * time.Second // a comment line, for proxies that end silent connections
	mostEvents = 1000             // pages that may watch at one time, of each kind of events
)

// events sends each event to every page that watches. A page that does not take an event in time misses that event.
// make runs only while at least one page watches.
type events struct {
	make func(ctx context.Context, tell func(event []byte)) // makes the events until ctx ends
	room int                                                // events that may wait for one page

	mu       sync.Mutex
	watching map[chan []byte]bool
	stop     context.CancelFunc
	done     chan struct{} // closed when make has returned
}

// watch gives the events from now on, until leave is called. c is nil if too many pages watch already.
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

// event is an event in the format of server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
func event(name string, v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, data)
}

// kept is the data of the event that says that the store has received a run.
type kept struct {
	RunID    string  `json:"run_id"`
	EndTime  float64 `json:"end_time"`
	Location string  `json:"location_id"`
	Platform string  `json:"platform"`
}

func keptEvent(d bench.Digest) []byte {
	return event("kept", kept{d.ID, unix(d.End), d.Series.Location, d.Series.Platform})
}

// tellKept tells of each run that the store receives. A store without digests is asked for its last run instead.
func (s *Server) tellKept(ctx context.Context, tell func([]byte)) {
	last := ""
	for {
		begun := time.Now()
		store, err := s.source.get()
		if _, ok := store.(bench.Digester); err == nil && ok {
			s.looks.Allow()                    // this look counts for requests, too
			_ = s.bring(ctx, store, true, nil) // the next read of the store meets the same error and reports it
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

// live answers with a stream of server-sent events: an event named kept for each run that the store receives. With
// pings=true there is also an event named pings for the pings of runs that are under way.
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
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold back a few bytes
	out := http.NewResponseController(w)
	w.Write([]byte("retry: 2000\n\n"))
	s.warming(r.Context(), func(e []byte) { // runs that are there already make no event
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
