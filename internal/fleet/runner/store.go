package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
)

// HubStore is the name of the hub as a store in the outbox.
const HubStore = "hub"

// target is the hub as a store that the outbox delivers to.
func (r *Runner) target() outbox.Target {
	return outbox.Target{Name: HubStore, Open: func(context.Context) (bench.Store, error) { return r.openStore() }}
}

// hubStore is the hub as a store. When Save returns nil, the hub's store has the run, not only the stream.
type hubStore struct {
	nc      *nats.Conn
	name    string // of this place
	answers *nats.Subscription

	mu      sync.Mutex
	waiting map[string]chan string // by the inbox for the answer
}

var (
	_ bench.Store       = (*hubStore)(nil)
	_ bench.PackedSaver = (*hubStore)(nil)
)

var errAway = errors.New("the hub is away")

func (r *Runner) openStore() (*hubStore, error) {
	if !r.up() {
		return nil, errAway
	}
	s := &hubStore{nc: r.nc.Load(), name: r.me.Name, waiting: map[string]chan string{}}
	var err error
	if s.answers, err = s.nc.Subscribe(s.inbox("*"), s.heard); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *hubStore) inbox(of string) string { return fleet.InboxPrefix(s.name) + ".kept." + of }

// heard passes an answer of the hub to the offer that waits for it.
func (s *hubStore) heard(m *nats.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.waiting[m.Subject]; ok {
		select {
		case c <- string(m.Data):
		default:
		}
	}
}

// Save implements bench.Store.
func (s *hubStore) Save(ctx context.Context, r bench.Record) error {
	p, err := result.Pack(r)
	if err != nil {
		return err
	}
	return s.offer(ctx, p.Packed)
}

// SavePacked implements bench.PackedSaver for one run. The number of new runs is always 0: the hub does not report it.
func (s *hubStore) SavePacked(ctx context.Context, list []bench.Packed) (int, error) {
	if len(list) != 1 {
		return 0, fmt.Errorf("%d runs at once: a hub is offered one", len(list))
	}
	return 0, s.offer(ctx, list[0])
}

// offer sends a run and waits until the hub answers what became of the run. The run is not safe when the stream has it:
// the stream may lose its disk. Each offer has an ID of its own: JetStream drops a message whose ID it has seen, even
// if the answer to the earlier offer was lost.
func (s *hubStore) offer(ctx context.Context, p bench.Packed) error {
	data, err := result.Packed{Packed: p}.MarshalBinary()
	if err != nil {
		return err
	}
	if most := s.nc.MaxPayload(); most > 0 && int64(len(data)) > most {
		return fmt.Errorf("%w: it has %d bytes, and the hub takes %d", bench.ErrRejected, len(data), most)
	}
	try := nuid.Next()
	m := nats.NewMsg(fleet.RunSubject(s.name))
	m.Data = data
	m.Header.Set(nats.MsgIdHdr, p.ID+"/"+try)
	m.Header.Set(fleet.KeptHeader, s.inbox(try))
	said := make(chan string, 1)
	s.mu.Lock()
	s.waiting[s.inbox(try)] = said
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.waiting, s.inbox(try))
	}()
	if err := s.publish(ctx, m); err != nil {
		return err
	}
	select {
	case word := <-said:
		return meant(word)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// publish sends m and waits until the stream has it. So an error of a full or missing stream is known at once.
func (s *hubStore) publish(ctx context.Context, m *nats.Msg) error {
	if !s.nc.IsConnected() {
		return errAway
	}
	answer, err := s.nc.RequestMsgWithContext(ctx, m)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return errors.New("the hub has no stream for runs just now")
	case err != nil:
		return err
	}
	var ack struct {
		Error *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &ack); err != nil {
		return fmt.Errorf("the hub's stream gave an answer that is none: %w", err)
	}
	if ack.Error != nil {
		return fmt.Errorf("the hub's stream did not take it: %s", ack.Error.Description)
	}
	return nil
}

// meant is the hub's answer as an error.
func meant(word string) error {
	if word == fleet.Kept {
		return nil
	}
	if why, ok := strings.CutPrefix(word, fleet.Rejected); ok {
		return fmt.Errorf("%w: %s", bench.ErrRejected, why)
	}
	return fmt.Errorf("the hub cannot keep it now: %s", strings.TrimPrefix(word, fleet.Later))
}

// Runs implements bench.Store. It gives an error: a runner cannot read runs back.
func (s *hubStore) Runs(context.Context, bench.Query) iter.Seq2[bench.Run, error] {
	return func(yield func(bench.Run, error) bool) {
		yield(bench.Run{}, errors.New("a runner cannot read what its hub keeps: ask at the hub"))
	}
}

// Close implements bench.Store.
func (s *hubStore) Close() error {
	if err := s.answers.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return err
	}
	return nil
}

func (s *hubStore) String() string { return HubStore }
