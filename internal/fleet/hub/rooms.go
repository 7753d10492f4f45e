package hub

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
	"rtcbench/internal/outbox"
)

// room is a room that the hub made ahead of time, at a platform whose rooms have to exist before anybody joins.
type room struct {
	Name    string                    `json:"name"`
	Account string                    `json:"account"` // of the key that made the room
	Job     string                    `json:"job"`
	Place   string                    `json:"place"` // place that measures in the room
	Slot    time.Time                 `json:"slot"`
	Until   time.Time                 `json:"until"` // the platform ends the room at this time
	Now     bool                      `json:"now,omitempty"`
	Seats   map[bench.Role]bench.Seat `json:"seats,omitempty"` // nil = it is not known whether the room was made

	making sync.Mutex
}

// rooms are the rooms that were made and not removed. The file of a room is written before the room is made: a hub that
// was killed leaves no room that its successor does not know. The files contain tokens, so other users must not read
// them.
type rooms struct {
	dir string
	log *slog.Logger

	mu       sync.Mutex
	list     map[string]*room // by account and name
	accounts map[string]account
}

// account is a key that makes rooms. It is kept in memory alone.
type account struct {
	at    bench.Place
	lease *bench.Leases
}

func accountOf(p bench.Place) string {
	sum := sha256.Sum256([]byte(p.API + "\x00" + p.Key))
	return hex.EncodeToString(sum[:8])
}

// openRooms reads the files of rooms. A file that cannot be read is removed; its room ends by itself.
func openRooms(dir string, log *slog.Logger) (*rooms, error) {
	r := &rooms{dir: dir, log: log, list: map[string]*room{}, accounts: map[string]account{}}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		one := &room{}
		if data, err := os.ReadFile(path); err != nil || json.Unmarshal(data, one) != nil || r.path(one) != path {
			os.Remove(path)
			continue
		}
		r.list[one.key()] = one
	}
	return r, err
}

func (r *room) key() string { return r.Account + "-" + r.Name }

func (r *rooms) path(one *room) string { return filepath.Join(r.dir, one.key()+".json") }

// know remembers the keys of orders: rooms are removed with the key that made them.
func (r *rooms) know(orders map[string]Order) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range orders {
		if o.hosted() {
			r.accounts[accountOf(o.Place)] = account{o.Place, o.Lease}
		}
	}
}

// hosted reports whether the rooms of o have to be made.
func (o Order) hosted() bool { return o.Lease != nil && o.Lease.Remove != nil }

// seats are the seats of a room. A missing room is made.
func (r *rooms) seats(ctx context.Context, o Order, want *room, of bench.LeaseOf) (map[bench.Role]bench.Seat, error) {
	r.know(map[string]Order{"": o})
	want.Account = accountOf(o.Place)
	one := r.hold(want)
	defer one.making.Unlock()
	if one.Seats != nil {
		return one.Seats, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err := os.MkdirAll(r.dir, 0o700)
	if err == nil {
		err = r.write(one)
	}
	if err != nil {
		return nil, fmt.Errorf("note a room before it is made: %w", err)
	}
	seats, err := o.Lease.Make(ctx, o.Place, of)
	if err != nil {
		return nil, err
	}
	one.Seats = seats
	return seats, r.write(one)
}

// hold locks the room of that name, so that nobody else makes or removes it. The caller unlocks it.
func (r *rooms) hold(want *room) *room {
	for {
		r.mu.Lock()
		one, known := r.list[want.key()]
		if !known {
			one = want
			r.list[want.key()] = one
		}
		r.mu.Unlock()
		one.making.Lock()
		r.mu.Lock()
		same := r.list[want.key()] == one
		r.mu.Unlock()
		if same {
			return one
		}
		one.making.Unlock() // the room was removed meanwhile
	}
}

func (r *rooms) write(one *room) error {
	data, err := json.Marshal(one)
	if err == nil {
		err = outbox.WriteFile(r.path(one), data)
	}
	return err
}

// over are the rooms for which is returns true, the oldest slot first.
func (r *rooms) over(is func(*room) bool) (list []*room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.list {
		if is(one) {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b *room) int { return a.Slot.Compare(b.Slot) })
	return list
}

// remove removes a room at its platform and forgets the room. If the key of the room is not known any more, the room
// ends by itself.
func (r *rooms) remove(ctx context.Context, one *room, now time.Time) error {
	one.making.Lock()
	defer one.making.Unlock()
	r.mu.Lock()
	a, known := r.accounts[one.Account]
	r.mu.Unlock()
	if !known && now.Before(one.Until) {
		return nil
	}
	if known {
		if err := a.lease.Remove(ctx, a.at, one.Name); err != nil {
			if now.Before(one.Until) {
				return err
			}
			r.log.Warn("a room was not removed; it ends by itself", "room", one.Name, "error", err)
		}
	}
	one.Seats = nil
	r.mu.Lock()
	delete(r.list, one.key())
	r.mu.Unlock()
	if err := os.Remove(r.path(one)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removedAtOnce is how many rooms one pass removes. Daily permits 50 removals in 30 s.
const removedAtOnce = 20

// tidy removes rooms whose time is over, rooms of revoked places, and rooms that the plan does not use any more. The
// last are removed once their place follows the plan.
func (h *Hub) tidy(ctx context.Context, now time.Time) {
	h.issued.mu.Lock()
	plan, orders := h.issued.plan, h.issued.orders
	h.issued.mu.Unlock()
	h.rooms.know(orders)
	list := h.rooms.over(func(one *room) bool {
		member, ok := h.book.member(one.Place)
		if !now.Before(one.Until) || !ok || !member.Revoked.IsZero() {
			return true
		}
		heard, ok := h.presence.of(one.Place)
		if one.Now || !ok || plan.Serial == 0 || heard.Hello.Serial != plan.Serial || !now.Before(one.Slot) {
			return false
		}
		o, known := orders[one.Job]
		_, measures := plan.Turn(o.Job, one.Place, one.Slot)
		return !known || !measures || !o.Where.Has(member.Place) || o.roomOf(plan, one.Place, one.Slot) != one.Name
	})
	for _, one := range list[:min(len(list), removedAtOnce)] {
		if ctx.Err() != nil {
			return
		}
		if err := h.rooms.remove(ctx, one, now); err != nil && ctx.Err() == nil {
			h.options.Log.Warn("remove a room", "room", one.Name, "error", err)
			return
		}
	}
}

// keepTidy calls tidy again and again until ctx ends.
func (h *Hub) keepTidy(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-h.untidy:
		case <-ctx.Done():
			return
		}
		h.tidy(ctx, time.Now())
	}
}

// roomOf is the name of the room of a place in a slot. A room with other properties has another name.
func (o Order) roomOf(plan fleet.Plan, name string, slot time.Time) string {
	if o.Place.Room != "" {
		return o.Place.Room
	}
	of := []string{o.Name}
	if o.hosted() {
		of = append(of, o.Place.API, o.Place.Region, plan.Every.String(), o.Longest.String())
	}
	sum := sha256.Sum256([]byte(strings.Join(of, "\x00")))
	return fmt.Sprintf("rtcbench-%s-%x-%d", name, sum[:4], slot.Unix())
}
