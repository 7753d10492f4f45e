package dashboard

import (
	"context"
	"sync"
	"time"

	"rtcbench/internal/live"
)

// Pings calls on with the pings of runs that are under way, until ctx ends.
type Pings func(ctx context.Context, on func(live.Pings)) error

const (
	tellEvery = 100 * time.Millisecond
	mostTold  = 5000 // pings in one event; the others are dropped and counted
)

// tellPings collects the pings of all runs, so that each page gets at most ten events a second.
func (s *Server) tellPings(ctx context.Context, tell func([]byte)) {
	var g gathered
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Live(ctx, g.take); err != nil {
			s.Log.Error("pings cannot be shown while they are made", "error", err.Error())
		}
	}()
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if list := g.give(); len(list) > 0 {
				tell(event("pings", list))
			}
		case <-ctx.Done():
			<-done
			return
		}
	}
}

// gathered are the pings since the last event.
type gathered struct {
	mu   sync.Mutex
	list []live.Pings
	n    int
}

func (g *gathered) take(p live.Pings) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n+len(p.List) > mostTold {
		p.Dropped, p.List = p.Dropped+len(p.List), []live.Ping{}
		if len(g.list) > mostTold {
			return
		}
	}
	g.n += len(p.List)
	g.list = append(g.list, p)
}

func (g *gathered) give() []live.Pings {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := g.list
	g.list, g.n = nil, 0
	return list
}
