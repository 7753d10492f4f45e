// Package archive finds runs that were kept, and sums them up: what history, compare and export read. It measures
// nothing and keeps nothing, and knows no flags and no exit codes.
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

// NoStore says that there is no store where one was to be read.
type NoStore struct{ File string }

func (e *NoStore) Error() string { return "there is no store at " + e.File + " yet" }

// Open opens a store to be read, and makes none. Close it.
func Open(ctx context.Context, t outbox.Target) (bench.Store, error) {
	if !Exists(t) {
		return nil, &NoStore{t.File}
	}
	if t.Read != nil {
		return t.Read(ctx)
	}
	return t.Open(ctx)
}

// Exists reports whether a store is there that opening would make.
func Exists(t outbox.Target) bool {
	_, err := os.Stat(t.File)
	return t.File == "" || !errors.Is(err, os.ErrNotExist)
}

// Unreadable is about a run that is left out, or about a part of a store: what else is there can be read.
type Unreadable struct {
	RunID string // "" = not known
	Err   error
}

func (e *Unreadable) Error() string { return e.Err.Error() }

func (e *Unreadable) Unwrap() error { return e.Err }

// ofStore is an error of Store.Runs, which came with r: an *Unreadable where reading goes on.
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

// leastOfID is how much of an ID has to be given.
const leastOfID = 4

// ErrTooShort is returned for so little of an ID that it says nothing.
var ErrTooShort = fmt.Errorf("too little of an ID: %d characters are needed", leastOfID)

// NotOne says that an ID, or a part of one, names no run of a store, or several.
type NotOne struct {
	Asked string
	Store string
	Found []string // IDs
}

func (e *NotOne) Error() string {
	return fmt.Sprintf("%d runs in %s are called so", len(e.Found), e.Store)
}

// Unindexed says that a store lists a run, and does not find it by its ID.
type Unindexed struct{ RunID, Store string }

func (e *Unindexed) Error() string {
	return fmt.Sprintf("run %s is in the list of %s, and is not found by its ID", e.RunID, e.Store)
}

// Find gives the run with that ID, or the only one whose ID begins or ends so, with its samples.
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

// byID is the run with that ID, or one without an ID where there is none.
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

// Called reports whether text names the run with that ID.
func Called(id, text string) bool {
	return len(text) >= leastOfID && (strings.HasPrefix(id, text) || strings.HasSuffix(id, text))
}

// called are the IDs of the runs that text names, also of those that cannot be read.
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
