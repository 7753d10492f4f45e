// Package archive finds kept runs and sums them up: history, compare and export read with it. It measures nothing and
// keeps nothing, and knows no flags and no exit codes.
package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/outbox"
)

// NoStore says that a store that was to be read does not exist.
type NoStore struct{ File string }

func (e *NoStore) Error() string { return "there is no store at " + e.File + " yet" }

// Open opens a store for reading. A missing store is the error *NoStore: Open makes none. The caller closes the store.
func Open(ctx context.Context, t outbox.Target) (bench.Store, error) {
	if !Exists(t) {
		return nil, &NoStore{t.File}
	}
	if t.Read != nil {
		return t.Read(ctx)
	}
	return t.Open(ctx)
}

// Exists reports whether t exists already, so that opening it would not make it. A service always exists.
func Exists(t outbox.Target) bool {
	_, err := os.Stat(t.File)
	return t.File == "" || !errors.Is(err, os.ErrNotExist)
}

// Unreadable is the error of a run or a part of a store that cannot be read. The rest can be read.
type Unreadable struct {
	RunID string // "" = not known
	Err   error
}

func (e *Unreadable) Error() string { return e.Err.Error() }

func (e *Unreadable) Unwrap() error { return e.Err }

// ofStore is err, an error of Store.Runs that came with r. It becomes an *Unreadable if reading goes on after it.
func ofStore(r bench.Run, err error) error {
	if bench.ReadsOn(r, err) {
		return &Unreadable{r.ID, err}
	}
	return err
}

// isUnreadable reports whether reading goes on after err.
func isUnreadable(err error) bool {
	var u *Unreadable
	return errors.As(err, &u)
}

// leastOfID is how many characters of an ID have to be given.
const leastOfID = 4

// ErrTooShort says that the part of an ID that was given is too short.
var ErrTooShort = fmt.Errorf("too little of an ID: %d characters are needed", leastOfID)

// NotOne says that an ID, or a part of an ID, fits no run of a store or several runs.
type NotOne struct {
	Asked string
	Store string
	Found []string // IDs
}

func (e *NotOne) Error() string {
	return fmt.Sprintf("%d runs in %s are called so", len(e.Found), e.Store)
}

// Unindexed says that a store lists a run but does not find it by its ID.
type Unindexed struct{ RunID, Store string }

func (e *Unindexed) Error() string {
	return fmt.Sprintf("run %s is in the list of %s, and is not found by its ID", e.RunID, e.Store)
}

// Find gives the run with this ID, or else the only run whose ID begins or ends with id. The run has its samples.
func Find(ctx context.Context, s bench.Store, id string) (bench.Run, error) {
	if r, err := byID(ctx, s, id); r.ID != "" || err != nil {
		return r, err
	}
	if len(id) < leastOfID {
		return bench.Run{}, ErrTooShort
	}
	found, err := called(ctx, s, id)
	if err != nil {
		return bench.Run{}, err
	}
	if len(found) != 1 {
		return bench.Run{}, &NotOne{id, s.String(), found}
	}
	r, err := byID(ctx, s, found[0])
	if r.ID == "" && err == nil {
		err = &Unindexed{found[0], s.String()}
	}
	return r, err
}

// byID is the run with this ID; a run without an ID = there is none.
func byID(ctx context.Context, s bench.Store, id string) (bench.Run, error) {
	for r, err := range s.Runs(ctx, bench.Query{ID: id, Samples: true}) {
		if err != nil && r.ID == "" && bench.ReadsOn(r, err) {
			continue
		}
		if err != nil {
			err = ofStore(r, err)
		}
		return r, err
	}
	return bench.Run{}, nil
}

// Called reports whether text is the ID, its beginning or its end.
func Called(id, text string) bool {
	return len(text) >= leastOfID && (strings.HasPrefix(id, text) || strings.HasSuffix(id, text))
}

// called are the IDs of the runs that fit text, including runs that cannot be read.
func called(ctx context.Context, s bench.Store, text string) (ids []string, err error) {
	for r, err := range s.Runs(ctx, bench.Query{}) {
		if err != nil && !bench.ReadsOn(r, err) {
			return nil, err
		}
		if Called(r.ID, text) {
			ids = append(ids, r.ID)
		}
	}
	return ids, nil
}
