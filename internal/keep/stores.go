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
	deliveryTimeout = 40 * time.Second        // for the delivery at the end of a measuring command
	leavingTimeout  = 5 * time.Second         // after the deadline of a function
	signalTimeout   = 1500 * time.Millisecond // after a signal: its sender waits
)

// Stores are the stores that keep runs, and the outbox in which runs wait for the stores.
type Stores struct {
	Targets []outbox.Target
	Box     *outbox.Outbox
}

// Names are the names of the stores.
func (s Stores) Names() []string {
	names := []string{}
	for _, t := range s.Targets {
		names = append(names, t.Name)
	}
	return names
}

// Courier makes a Courier that delivers to the stores. The caller closes it.
func (s Stores) Courier() *outbox.Courier { return s.Box.To(s.Targets, storeTimeout) }

// NoRoom says that the outbox could not take a run, and what became of the run.
type NoRoom struct {
	Dir   string // path of the outbox
	Err   error
	Fates []Fate // results of saving the run without the outbox
	Where string // file with the run; "" = none was needed, or it could not be written
	Gone  error  // why Where could not be written
}

// Fate is the result of saving a run in a store without the outbox.
type Fate struct {
	Store string
	Err   error // nil = the store has the run
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

// take puts the runs into the outbox. If the outbox cannot take a run, the run is saved in the stores directly. If a
// store does not take it, the run is also written to the folder for temporary files.
func (s Stores) take(ctx context.Context, m Measured, o *Outcome) {
	if len(s.Targets) == 0 || len(m.Runs) == 0 {
		return
	}
	safe := true
	for _, r := range m.Runs {
		if r.Standin { // runs of a stand-in must not mix with runs of the platform
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

// direct saves r in the stores without the outbox.
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

// stopper is the cause of a context that a waiting person or program ended, as by a signal.
type stopper interface {
	error
	Stops()
}

func stoppedBySomebody(ctx context.Context) bool {
	var s stopper
	return errors.As(context.Cause(ctx), &s)
}

// deliveryTime is how long a delivery may take. After a signal, the measured runs are kept all the same, but in a short
// time. A function needs time before it is killed, to report what was not kept.
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

// deliveryContext is a context that ends after deliveryTime. A signal during the delivery shortens the rest to
// signalTimeout.
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
