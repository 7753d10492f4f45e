package hub

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// StoreAway is a store that took nothing when the hub last tried. Runs wait at their places meanwhile.
type StoreAway struct {
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
	Error string    `json:"error"` // of the last try

	unopened bool // the last try was to open it
}

// away is which of a hub's stores are away, by their place in the options.
type away struct {
	mu   sync.Mutex
	list map[int]StoreAway
}

// note writes down why a store took nothing. first says that it took runs until now.
func (a *away) note(i int, s StoreAway, unopened bool) (first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s.Since, s.unopened = time.Now().UTC(), unopened
	before, was := a.list[i]
	if was {
		s.Since = before.Since
	}
	if a.list == nil {
		a.list = map[int]StoreAway{}
	}
	a.list[i] = s
	return !was
}

// opened says that a store could be opened. One that could not save is away until it can.
func (a *away) opened(i int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.list[i].unopened {
		delete(a.list, i)
	}
}

// took says that a store has taken runs.
func (a *away) took(i int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.list, i)
}

// now gives the stores that are away, in their order.
func (a *away) now() (list []StoreAway) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, i := range slices.Sorted(maps.Keys(a.list)) {
		list = append(list, a.list[i])
	}
	return list
}
