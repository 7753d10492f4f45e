package keep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
)

const (
	storeTimeout    = 15 * time.Second        // for one run and one store
	deliveryTimeout = 40 * time.Second        // for all that a measuring command delivers
	leavingTimeout  = 5 * time.Second         // … when the time of a function is over
	signalTimeout   = 1500 * time.Millisecond // … after a signal: whoever sent it waits
)

// Stores are where runs are kept for good, and the outbox in which runs wait for them.
type Stores struct {
	Targets []outbox.Target
	Box     *outbox.Outbox
}

// Names are those of the stores.
func (s Stores) Names() []string {
	names := []string{}
	for _, t := range s.Targets {
		names = append(names, t.Name)
	}
	return names
}

// Courier takes what waits to the stores. Close it.
func (s Stores) Courier() *outbox.Courier { return s.Box.To(s.Targets, storeTimeout) }

// NoRoom says that the outbox could not take a run, and what became of it then.
type NoRoom struct {
	Dir   string // of the outbox
	Err   error
	Fates []Fate // of the stores, which were asked at once
	Where string // the file in which the run is; "" = none was needed, or it could not be written
	Gone  error  // why not
}

// Fate is what a store, asked without the outbox, did with a run.
type Fate struct {
	Store string
	Err   error // nil = it has the run
}

func (e *NoRoom) Error() string { return fmt.Sprintf("keep the run in %s: %v", e.Dir, e.Err) }

func (e *NoRoom) Unwrap() error { return e.Err }

// lost reports whether nothing has the run.
func (e *NoRoom) lost() bool {
	for _, f := range e.Fates {
		if f.Err == nil {
			return false
		}
	}
	return e.Where == ""
}

// take makes the runs safe. Where the outbox cannot take one, the stores are asked at once, and what then is not in all
// of them is put into the folder for temporary files.
func (s Stores) take(ctx context.Context, m Measured, o *Outcome) {
	if len(s.Targets) == 0 || len(m.Runs) == 0 {
		return
	}
	safe := true
	for _, r := range m.Runs {
		if r.Standin { // a stand-in's runs are not to be found among the platform's
			safe = false
			continue
		}
		if err := s.Box.Put(r, s.Names()); err != nil {
			e := s.direct(ctx, r)
			e.Err, e.Dir = err, s.Box.Dir()
			safe = safe && !e.lost()
			o.unkept(e)
		}
	}
	o.safe = o.safe || safe
}

// direct saves r without the outbox.
func (s Stores) direct(stopped context.Context, r *result.Document) *NoRoom {
	ctx, cancel := deliveryContext(stopped)
	defer cancel()
	e, missing := &NoRoom{}, false
	for _, t := range s.Targets {
		trying, cancel := context.WithTimeout(ctx, storeTimeout)
		store, err := t.Open(trying)
		if err == nil {
			err = errors.Join(store.Save(trying, r.Record), store.Close())
		}
		cancel()
		if err != nil {
			err, missing = outbox.Nameless(t.Name, err), true
		}
		e.Fates = append(e.Fates, Fate{t.Name, err})
	}
	if !missing {
		return e
	}
	var b bytes.Buffer
	if e.Gone = r.Write(&b); e.Gone == nil {
		e.Where, e.Gone = rescue(b.Bytes())
	}
	return e
}

// stopper is the cause of a context that somebody ended who waits, as by a signal.
type stopper interface {
	error
	Stops()
}

func stoppedBySomebody(ctx context.Context) bool {
	var s stopper
	return errors.As(context.Cause(ctx), &s)
}

// deliveryTime is how long a delivery may take. Also after Ctrl-C what was measured is kept, but nobody waits long for
// it then; and a function that is ended from outside in the middle of it could not say what it has not kept.
func deliveryTime(stopped context.Context) time.Duration {
	if stoppedBySomebody(stopped) {
		return signalTimeout
	}
	if stopped.Err() != nil {
		return leavingTimeout
	}
	if end, ok := stopped.Deadline(); ok {
		return min(deliveryTimeout, time.Until(end)+leavingTimeout)
	}
	return deliveryTimeout
}

// deliveryContext is a context for as long as a delivery may take. A signal in the middle of it leaves what has begun a
// moment.
func deliveryContext(stopped context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(stopped))
	within := deliveryTime(stopped)
	timer := time.AfterFunc(within, func() {
		if stoppedBySomebody(stopped) {
			cancel(context.Cause(stopped))
			return
		}
		cancel(fmt.Errorf("it took longer than %v", within))
	})
	unwatch := context.AfterFunc(stopped, func() {
		if stoppedBySomebody(stopped) {
			timer.Reset(signalTimeout)
		}
	})
	return ctx, func() {
		unwatch()
		timer.Stop()
		cancel(nil)
	}
}
