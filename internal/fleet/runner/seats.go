package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
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

// lease adds seats, first to the file. Seats of slots that began more than an hour ago are dropped; with anew, all
// older seats are.
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
		return fmt.Errorf("keep the seats that the hub leased: %w", err)
	}
	clear(s.list)
	s.add(f.Seats, f.To)
	return nil
}

// until is the time up to which slots have their seats.
func (s *seats) until() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to
}

var errNoSeat = errors.New("there is no seat for this slot: the hub leases them a day ahead, and was not reached since")

func (s *seats) of(job string, slot time.Time) (fleet.Seat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seat, ok := s.list[seatKey(job, "", slot)]
	if !ok {
		return seat, errNoSeat
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
