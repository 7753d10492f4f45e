package runner

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"rtcbench/internal/fleet"
	"rtcbench/internal/outbox"
)

// seats are the leased seats, in memory and on disk: so a runner that restarts while the hub is away still has them.
type seats struct {
	path string

	mu   sync.Mutex
	list map[string]fleet.Seat // by job and slot
	to   time.Time             // slots before it have all of their seats
	why  string                // why the last request brought no seats; "" = it did, or the hub was not reached
}

// leasedFile is the file of seats.
type leasedFile struct {
	To    time.Time    `json:"to"`
	Seats []fleet.Seat `json:"seats"`
}

// loadSeats reads the file of seats. A damaged file counts as empty: the hub leases new seats.
func loadSeats(path string) (*seats, error) {
	s := &seats{path: path, list: map[string]fleet.Seat{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	var f leasedFile
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(data, &f) == nil {
		s.add(f.Seats, f.To)
	}
	return s, nil
}

func seatKey(job, caller string, slot time.Time) string {
	return fmt.Sprintf("%s/%s/%d", job, caller, slot.UnixNano())
}

func (s *seats) add(list []fleet.Seat, to time.Time) {
	for _, one := range list {
		s.list[seatKey(one.Job, one.For, one.Slot)] = one
	}
	s.to = to
}

// lease adds seats. Seats of slots that began more than an hour ago are dropped; with anew, all older seats are. A disk
// that takes no file keeps no seat from being used until this process ends, unless they come with a new plan, which has
// to be on disk first.
func (s *seats) lease(got fleet.SeatsLeased, now time.Time, anew bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := leasedFile{To: got.To, Seats: got.Seats}
	if !anew {
		for _, one := range s.list {
			if now.Sub(one.Slot) < time.Hour {
				f.Seats = append(f.Seats, one)
			}
		}
	}
	data, err := json.Marshal(f)
	if err == nil {
		err = outbox.WriteFile(s.path, data)
	}
	if err != nil {
		err = fmt.Errorf("keep the seats that the hub leased: %w", err)
	}
	if err == nil || !anew {
		clear(s.list)
		s.add(f.Seats, f.To)
	}
	return err
}

// asked notes what came of a request for seats.
func (s *seats) asked(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = ""
	if err != nil && !errors.Is(err, errNoAnswer) {
		s.why = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
}

// until is the time up to which slots have their seats.
func (s *seats) until() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to
}

// notReached is why there is no seat where no request failed.
const notReached = "the hub leases them a day ahead, and was not reached since"

func (s *seats) of(job string, slot time.Time) (fleet.Seat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seat, ok := s.list[seatKey(job, "", slot)]
	if !ok {
		return seat, fmt.Errorf("there is no seat for this slot: %s", cmp.Or(s.why, notReached))
	}
	return seat, nil
}

// answering are the seats in which this place answers others in a slot.
func (s *seats) answering(slot time.Time) (list []fleet.Seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.list {
		if one.For != "" && one.Slot.Equal(slot) {
			list = append(list, one)
		}
	}
	return list
}
