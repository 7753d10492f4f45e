package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/result"
)

// The stream of runs is a buffer between runners and the store. A runner keeps a run until it is told that the store
// has the run, so a lost stream loses no run.
const (
	streamBytes = 1 << 30
	streamAge   = 7 * 24 * time.Hour
	window      = 2 * time.Minute // in which JetStream drops a repeated Nats-Msg-Id; each offer has an ID of its own
	ackWait     = time.Minute
	atOnce      = 64 // runs that are saved in one transaction at the most
)

// makeStream makes the stream, and the consumer that all hubs share.
func makeStream(ctx context.Context, nc *nats.Conn, replicas int) (jetstream.Consumer, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	s, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: fleet.Stream, Subjects: []string{fleet.RunsSubject}, Storage: jetstream.FileStorage,
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, MaxBytes: streamBytes, MaxAge: streamAge,
		Duplicates: window, Replicas: replicas,
	})
	if err != nil {
		return nil, fmt.Errorf("make the stream of runs: %w", err)
	}
	c, err := s.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{Durable: fleet.Consumer,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: 16 * atOnce})
	if err != nil {
		return nil, fmt.Errorf("make the consumer of runs: %w", err)
	}
	return c, nil
}

// keepRuns takes runs off the stream until ctx ends.
func (h *Hub) keepRuns(ctx context.Context, from jetstream.Consumer) {
	defer close(h.kept)
	k := &keeper{hub: h, stores: make([]bench.Store, len(h.options.Stores)),
		failed: make([]error, len(h.options.Stores))}
	defer k.close()
	pause := time.Duration(0)
	for ctx.Err() == nil {
		if h.engine.broken() {
			from = h.anew(ctx, from)
		}
		k.open(ctx)
		list, err := next(ctx, from)
		if len(list) > 0 && k.take(ctx, list) {
			err = errAway
		}
		if err == nil {
			pause = 0
			continue
		}
		if ctx.Err() == nil && !errors.Is(err, errAway) {
			h.options.Log.Warn("read the stream of runs", "error", err)
		}
		pause = min(max(2*pause, time.Second), 30*time.Second)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// anew makes the stream anew, after the server could not write to it: what was in it waits at its runners. The error of
// a disk that is still full shows at the next write.
func (h *Hub) anew(ctx context.Context, from jetstream.Consumer) jetstream.Consumer {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	js, err := jetstream.New(h.nc)
	if err == nil {
		err = js.DeleteStream(ctx, fleet.Stream)
	}
	if err == nil || errors.Is(err, jetstream.ErrStreamNotFound) {
		var made jetstream.Consumer
		if made, err = makeStream(ctx, h.nc, 1); err == nil {
			h.options.Log.Warn("the stream of runs was made anew after an error of its disk; runners offer what it had")
			return made
		}
	}
	h.options.Log.Error("make the stream of runs anew", "error", err)
	h.engine.breaks()
	return from
}

var errAway = errors.New("a store is away")

// next waits for runs. Without any it returns after a few seconds, so that its caller can check for its end.
func next(ctx context.Context, from jetstream.Consumer) (list []jetstream.Msg, err error) {
	b, err := from.FetchNoWait(atOnce)
	if err == nil {
		for m := range b.Messages() {
			list = append(list, m)
		}
		err = b.Error()
	}
	if err != nil || len(list) > 0 {
		return list, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if b, err = from.Fetch(1, jetstream.FetchContext(ctx)); err != nil {
		return nil, err
	}
	for m := range b.Messages() {
		list = append(list, m)
	}
	if err = b.Error(); errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	return list, err
}

// offer is a run that a runner wants to be kept.
type offer struct {
	msg    jetstream.Msg
	place  string
	packed bench.Packed
	run    bench.Run
	answer string // "" = not decided yet
}

// ahead is how far in the future a run may end, by the hub's clock. A clock that is a little wrong is reported
// elsewhere; no clock is wrong by more than this.
const ahead = 24 * time.Hour

// read checks a message of the stream. NATS has checked that the name in the subject is the sender's.
func (h *Hub) read(m jetstream.Msg) *offer {
	o := &offer{msg: m}
	var err error
	if o.place, err = fleet.RunnerOf(m.Subject()); err != nil {
		o.answer = fleet.Rejected + err.Error()
		return o
	}
	member, ok := h.book.member(o.place)
	switch p, r, err := result.ReadPacked(m.Data()); {
	case !ok || !member.Revoked.IsZero():
		o.answer = fleet.Rejected + "this place does not belong to the fleet any more"
	case errors.Is(err, result.ErrNewer):
		o.answer = fleet.Later + "the hub is older than the runner: " + err.Error()
	case err != nil:
		o.answer = fleet.Rejected + err.Error()
	case r.Location != member.Location:
		o.answer = fleet.Rejected + fmt.Sprintf("it says it was made at %.80q, and the place %s is at %.80q",
			r.Location, o.place, member.Location)
	case r.End.After(time.Now().Add(ahead)):
		o.answer = fleet.Rejected + "it ends in the future, at " + r.End.UTC().Format(time.RFC3339)
	default:
		h.came(o, member, p, r)
	}
	return o
}

// came writes the origin of a run into the run.
func (h *Hub) came(o *offer, member fleet.Member, p result.Packed, r bench.Run) {
	received := time.Now()
	if m, err := o.msg.Metadata(); err == nil {
		received = m.Timestamp // when the stream received the run
	}
	from, odd := h.origin(member, r, received)
	if odd != "" {
		h.options.Log.Warn("a run is kept without the plan that it names", "name", o.place, "run", r.ID, "why", odd)
	}
	p, err := p.From(from)
	if err != nil {
		o.answer = fleet.Rejected + err.Error()
		return
	}
	r.Fleet = &from
	o.packed, o.run = p.Packed, r
}

// keeper saves runs in all stores.
type keeper struct {
	hub    *Hub
	stores []bench.Store // nil = not open
	failed []error       // why not
}

// take saves the runs in list, and tells each runner what became of its run. A run counts as kept when all stores have
// it. away says that a store could not be reached.
func (k *keeper) take(ctx context.Context, list []jetstream.Msg) (away bool) {
	offers := make([]*offer, len(list))
	for i, m := range list {
		offers[i] = k.hub.read(m)
	}
	for i, t := range k.hub.options.Stores {
		if err := k.save(ctx, i, offers); err != nil {
			k.hub.options.Log.Error("the store did not take runs; they wait", "store", t.Name, "error", err)
			k.hub.away.note(i, StoreAway{Name: t.Name, Error: err.Error()}, k.stores[i] == nil)
			k.drop(i)
			away = true
			for _, o := range offers {
				if o.answer == "" {
					o.answer = fleet.Later + "its store is away"
				}
			}
		}
	}
	for _, o := range offers {
		if o.answer == "" {
			o.answer = fleet.Kept
		}
		k.hub.tell(o)
	}
	return away
}

// open opens the stores that are not open, so that one that is away is known before the first run comes, and one that
// is back before the next.
func (k *keeper) open(ctx context.Context) {
	for i, t := range k.hub.options.Stores {
		if k.stores[i] != nil {
			continue
		}
		s, err := t.Open(ctx)
		if k.failed[i] = err; err == nil {
			k.stores[i] = s // closed with the others, also where ctx has ended meanwhile
		}
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			k.hub.away.opened(i)
		case k.hub.away.note(i, StoreAway{Name: t.Name, Error: err.Error()}, true):
			k.hub.options.Log.Error("a store is away; runs wait at their places", "store", t.Name, "error", err)
		}
	}
}

// save offers the runs to one store, in one transaction if the store can. A run that the store will never take is
// marked as rejected.
func (k *keeper) save(ctx context.Context, i int, offers []*offer) (err error) {
	var open []*offer
	var list []bench.Packed
	for _, o := range offers {
		if o.answer == "" {
			open, list = append(open, o), append(list, o.packed)
		}
	}
	if len(open) == 0 {
		return nil
	}
	if k.stores[i] == nil {
		return k.failed[i]
	}
	defer func() {
		if err == nil {
			k.hub.away.took(i)
		}
	}()
	saver, ok := k.stores[i].(bench.PackedSaver)
	if ok {
		if _, err := saver.SavePacked(ctx, list); err == nil || !errors.Is(err, bench.ErrRejected) {
			return err
		}
	}
	for _, o := range open { // one by one: at least one run is refused
		if ok {
			_, err = saver.SavePacked(ctx, []bench.Packed{o.packed})
		} else {
			err = k.stores[i].Save(ctx, bench.NewRecord(o.run))
		}
		switch {
		case errors.Is(err, bench.ErrRejected):
			o.answer = fleet.Rejected + err.Error()
		case err != nil:
			return err
		}
	}
	return nil
}

func (k *keeper) drop(i int) {
	if k.stores[i] != nil {
		k.stores[i].Close()
		k.stores[i] = nil
	}
}

func (k *keeper) close() {
	for i := range k.stores {
		k.drop(i)
	}
}

// tell answers the runner, only in an inbox of its own, and acknowledges the message to the stream.
func (h *Hub) tell(o *offer) {
	inbox := o.msg.Headers().Get(fleet.KeptHeader)
	if fleet.OwnInbox(o.place, inbox) {
		if err := h.nc.Publish(inbox, []byte(o.answer)); err != nil {
			h.options.Log.Warn("tell a runner what became of its run", "name", o.place, "error", err)
		}
	}
	switch {
	case o.answer == fleet.Kept:
		h.counts.kept.Add(1)
		o.msg.Ack()
	case len(o.answer) > len(fleet.Later) && o.answer[:len(fleet.Later)] == fleet.Later:
		o.msg.NakWithDelay(10 * time.Second)
	default:
		h.counts.rejected.Add(1)
		h.options.Log.Warn("a run was rejected", "name", o.place, "why", o.answer)
		o.msg.Term()
	}
}
