package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/bench"
)

// mute is a store that gives no answer at one run: it closes the connection with cut, or is silent where cut is nil.
type mute struct {
	shelf
	at  string
	cut error
}

func (m *mute) Save(ctx context.Context, r bench.Record) error {
	if r.ID != m.at {
		return m.shelf.Save(ctx, r)
	}
	m.calls++
	if m.cut == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return fmt.Errorf("write run: %w", m.cut)
}

// TestAStoreGivesNoAnswerAtOneRun: a connection that is closed at one run ends the delivery of no other, a store that
// is silent is asked once, and either way that run goes to rejected after enough tries over a long time.
func TestAStoreGivesNoAnswerAtOneRun(t *testing.T) {
	for name, cut := range map[string]error{
		"reset": syscall.ECONNRESET, "closed": io.EOF, "closed in an answer": io.ErrUnexpectedEOF,
		"closed while it reads": syscall.EPIPE, "silent": nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := box(t)
				first := put(t, o, "x")
				x := &mute{at: put(t, o, "x").ID, cut: cut}
				rest := []string{put(t, o, "x").ID, put(t, o, "x").ID}
				if out := deliver(t, o, target("x", x)); cut != nil && (out.Delivered != 3 || out.Waiting != 1) {
					t.Fatalf("%+v; it has %v", out, x.kept)
				}
				var final *Failure
				began := time.Now()
				for range 3 * maxFaults {
					if final != nil {
						break
					}
					time.Sleep(time.Hour)
					next := put(t, o, "x")
					c := o.To([]Target{target("x", x)}, time.Second)
					out, err := c.Deliver(t.Context(), next.ID)
					if err := errors.Join(err, c.Close()); err != nil {
						t.Fatal(err)
					}
					if !slices.Contains(x.kept, next.ID) {
						t.Fatalf("%+v: the next run is not taken", out)
					}
					if f := out.Failures[0]; f.Final {
						final = &f
					}
				}
				if final == nil || final.RunID != x.at || !strings.Contains(final.Err.Error(), "and took others: ") {
					t.Fatalf("%+v", final)
				}
				if after := time.Since(began); after < faultTime || after > faultTime+2*time.Hour {
					t.Errorf("given up after %v", after)
				}
				for _, id := range append(rest, first.ID) {
					if !slices.Contains(x.kept, id) {
						t.Errorf("%s was not delivered", id)
					}
				}
			})
		})
	}
}

// TestAStoreThatClosesEveryConnection is away: it is asked once, and no run counts as refused.
func TestAStoreThatClosesEveryConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := box(t)
		for range maxInRow {
			put(t, o, "x")
		}
		x := &shelf{fail: func(bench.Run) error { return io.EOF }}
		for range 2 * maxFaults {
			time.Sleep(24 * time.Hour)
			x.calls = 0
			if out := deliver(t, o, target("x", x)); out.Waiting != maxInRow || x.calls != 1 {
				t.Fatalf("%d wait after %d tries", out.Waiting, x.calls)
			}
		}
	})
}

// TestARunIsNotOfferedWithEachFile: an import delivers once for each file, and a run at which the store failed is
// offered once more and not with each of them; whoever asks for the run is still told why it waits.
func TestARunIsNotOfferedWithEachFile(t *testing.T) {
	o := box(t)
	bad := put(t, o, "x")
	tries := 0
	x := &shelf{fail: func(r bench.Run) error {
		if r.ID != bad.ID {
			return nil
		}
		tries++
		return bench.ErrFailed
	}}
	c := o.To([]Target{target("x", x)}, time.Second)
	defer c.Close()
	for range 5 {
		next := put(t, o, "x")
		out, err := c.Deliver(t.Context(), next.ID)
		if err != nil || out.Delivered != 1 || out.Waiting != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	out, err := c.Deliver(t.Context(), bad.ID)
	if err != nil || tries != maxTimes || len(out.Failures) != 1 || !errors.Is(out.Failures[0].Err, bench.ErrFailed) {
		t.Errorf("offered %d times; %+v, %v", tries, out, err)
	}
}
