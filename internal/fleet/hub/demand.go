package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"rtcbench/internal/fleet"
)

// RunOrder asks for one run of a job at once.
type RunOrder struct {
	Job   string      `json:"job"`
	Where fleet.Where `json:"where"` // selects among the places of the job; empty = all of them
}

// Demand is an order and the results so far.
type Demand struct {
	ID      string      `json:"id"`
	Until   time.Time   `json:"until"`          // after this time the hub waits for no more results
	Over    bool        `json:"over,omitempty"` // Until has passed, by the hub's clock
	Results []fleet.Ran `json:"results"`
}

// demands are the recent orders.
type demands struct {
	mu   sync.Mutex
	list map[string]*Demand
	news chan struct{} // closed when a result comes, and then replaced
}

// keepDemands is how long the results of an order are kept after its end.
const keepDemands = time.Hour

func (d *demands) add(one *Demand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.list == nil {
		d.list, d.news = map[string]*Demand{}, make(chan struct{})
	}
	for id, old := range d.list {
		if time.Since(old.Until) > keepDemands {
			delete(d.list, id)
		}
	}
	d.list[one.ID] = one
}

// of is the current state of an order, how many of its places are done, and a channel that is closed when a result
// comes.
func (d *demands) of(id string) (got Demand, done int, news <-chan struct{}, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one, ok := d.list[id]
	if !ok {
		return got, 0, nil, false
	}
	got = *one
	got.Results, got.Over = append([]fleet.Ran{}, one.Results...), !time.Now().Before(one.Until)
	for _, r := range got.Results {
		if r.Done {
			done++
		}
	}
	return got, done, d.news, true
}

// came notes the result of a place.
func (d *demands) came(name string, said fleet.Ran) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one, ok := d.list[said.ID]
	if !ok {
		return
	}
	for i, r := range one.Results {
		if r.Place == name && !r.Done {
			said.Place, said.Done, said.Error = name, true, short(said.Error)
			one.Results[i] = said
			close(d.news)
			d.news = make(chan struct{})
		}
	}
}

// ran receives the result of an order from a place. Every hub receives it, also of the orders of other hubs.
func (h *Hub) ran(m *nats.Msg) {
	name, _, err := fleet.AskerOf(m.Subject)
	var said fleet.Ran
	if err == nil && json.Unmarshal(m.Data, &said) == nil {
		h.demands.came(name, said)
	}
}

// runNow orders a run of a job at once.
func (h *Hub) runNow(w http.ResponseWriter, r *http.Request) {
	var o RunOrder
	if !read(w, r, &o) {
		return
	}
	making, cancel := context.WithTimeout(r.Context(), longPoll)
	defer cancel()
	d, told, err := h.demand(making, o, time.Now())
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, err)
		return
	}
	h.demands.add(&d)
	for name, data := range told {
		if err := h.nc.Publish(fleet.TellSubject(name), data); err != nil {
			refuse(w, http.StatusInternalServerError, err)
			return
		}
	}
	got, _, _, _ := h.demands.of(d.ID)
	answer(w, got)
}

// demand makes an order for this moment, and the message to each of its places.
func (h *Hub) demand(ctx context.Context, o RunOrder, now time.Time) (d Demand, told map[string][]byte, err error) {
	h.issued.mu.Lock()
	plan, order, known := h.issued.plan, h.issued.orders[o.Job], false
	_, known = h.issued.orders[o.Job]
	h.issued.mu.Unlock()
	if !known {
		return d, nil, fmt.Errorf("the plan has no job called %.80q", o.Job)
	}
	for _, j := range plan.Jobs {
		if j.Name == o.Job {
			order.Job = j // the plan's job lists the places that take part in it
		}
	}
	d = Demand{ID: nuid.Next(), Until: now.Add(2*order.Longest + time.Minute)}
	slot := now.Truncate(time.Second).UTC()
	seats := map[string][]fleet.Seat{}
	for _, s := range h.Overview().Places {
		at, measures := plan.Turn(order.Job, s.Name, slot)
		if !measures || !order.Where.Has(s.Place) || !o.Where.Has(s.Place) || !s.Revoked.IsZero() {
			continue
		}
		if s.Paused || s.Silent || s.Heard == nil {
			d.Results = append(d.Results, fleet.Ran{Place: s.Name, Done: true, Error: "not asked: it is " + s.Word()})
			continue
		}
		if s.Heard.Hello.Once {
			d.Results = append(d.Results, fleet.Ran{Place: s.Name, Done: true,
				Error: "not asked: it works for one slot at a time, and is not there between"})
			continue
		}
		list, err := h.seats(ctx, order, plan, s.Name, slot, true)
		if err != nil {
			return d, nil, err
		}
		seats[s.Name] = append(seats[s.Name], list[0])
		if at != "" {
			answers, err := h.seats(ctx, order, plan, at, slot, true)
			if err != nil {
				return d, nil, err
			}
			for _, a := range answers {
				if a.For == s.Name {
					seats[at] = append(seats[at], a)
				}
			}
		}
		d.Results = append(d.Results, fleet.Ran{Place: s.Name})
	}
	if len(d.Results) == 0 {
		if len(o.Where) == 0 {
			return d, nil, errors.New("no place of the fleet does this job")
		}
		return d, nil, errors.New("no place that the job is for has these labels")
	}
	told = map[string][]byte{}
	for name, list := range seats {
		run := fleet.Told{Run: &fleet.RunNow{ID: d.ID, Serial: plan.Serial, Seats: list}}
		if told[name], err = json.Marshal(run); err != nil {
			return d, nil, err
		}
	}
	return d, told, nil
}

// longPoll is how long a request for news is held open while there is none.
const longPoll = 20 * time.Second

// cameOf answers with the results of an order, as soon as there are more than the client has seen.
func (h *Hub) cameOf(w http.ResponseWriter, r *http.Request) {
	seen, _ := strconv.Atoi(r.URL.Query().Get("seen"))
	ctx, cancel := context.WithTimeout(r.Context(), longPoll)
	defer cancel()
	stop := context.AfterFunc(h.living, cancel)
	defer stop()
	for {
		d, done, news, ok := h.demands.of(r.PathValue("id"))
		if !ok {
			refuse(w, http.StatusNotFound, errors.New("this hub knows of no such order"))
			return
		}
		if done > seen || done == len(d.Results) || ctx.Err() != nil {
			answer(w, d)
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
		}
	}
}

// Done is how many places have reported a result.
func (d Demand) Done() (n int) {
	for _, r := range d.Results {
		if r.Done {
			n++
		}
	}
	return n
}

// Waits reports whether more results may come.
func (d Demand) Waits() bool { return d.Done() < len(d.Results) && !d.Over }
