package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"rtcbench/internal/stats"
)

// ErrRejected is wrapped by errors of Store.Save that come again however often the run is offered: the run is too old
// for the store, too large, of a type that the store does not take, or we may not write there. Any other error may
// pass.
var ErrRejected = errors.New("the store will never take this run")

// ErrFailed is wrapped by errors of Store.Save when the store answered and failed at this run: the store may take
// another run.
var ErrFailed = errors.New("the store failed at this run")

// ErrIncomplete is wrapped by the last error of Store.Runs where a store is damaged: the runs given before it are all
// that can be read.
var ErrIncomplete = errors.New("not all can be read")

// Store keeps runs. Its methods may be called at the same time, also by several processes.
type Store interface {
	// Save keeps r. Saving a run whose ID is kept already changes nothing that a reader sees; a store that can tell
	// refuses another run with that ID. When Save returns nil, the run outlives this process. Save returns by ctx's
	// end.
	Save(ctx context.Context, r Record) error
	// Runs gives the runs that q asks for, in the order of their ends. A run that cannot be read is an
	// error of its own, with the run's ID where that is known, and the next ones follow; after
	// an error of the store itself none does. ReadsOn tells them apart.
	Runs(ctx context.Context, q Query) iter.Seq2[Run, error]
	// Close ends the connection. It may be called again.
	Close() error
	// String is the store's one name: runs wait for the store by this name, and errors and tables call the store so.
	String() string
}

// ReadsOn reports whether an error that Store.Runs gave together with r is about single runs, and not about the store.
// A reader reports such an error, leaves these runs out and goes on.
func ReadsOn(r Run, err error) bool { return r.ID != "" || errors.Is(err, ErrIncomplete) }

// The interfaces below are what a Store may be able to do beside. A caller asks for one of them by a type assertion.

// Remover is a Store that can remove a run.
type Remover interface {
	// Remove takes the run with that ID out of the store and out of its sums, even a run that cannot be read. It
	// reports whether the run was there.
	Remove(ctx context.Context, id string) (bool, error)
}

// Aggregator is a Store that need not read every run to sum them up.
type Aggregator interface {
	// Aggregate gives one Aggregate for each series, by name, also for a series whose runs are all left out. It takes
	// no q.ID and no q.Limit. An error that wraps ErrIncomplete says that the sums are those of what can be read.
	Aggregate(ctx context.Context, q Query) ([]Aggregate, error)
}

// WholeSaver is a Store that keeps many runs in one step, or none of them.
type WholeSaver interface {
	// SaveAll keeps list. fresh is how many of the runs were not kept before.
	SaveAll(ctx context.Context, list []Record) (fresh int, err error)
}

// PackedSaver is a Store that takes packed runs as they are.
type PackedSaver interface {
	// SavePacked keeps all of list in one step, or none of it. fresh is how many of the runs were not kept before. It
	// keeps the same bytes that Save keeps of the same run.
	SavePacked(ctx context.Context, list []Packed) (fresh int, err error)
}

// Maker is a Store in which something has to be made before it takes runs.
type Maker interface {
	// Init makes what is missing, and names what it made. A store that keeps runs for ever does not look at keep.
	Init(ctx context.Context, keep Retention) (made []string, err error)
}

// Retention is for how long a store keeps runs, where the store asks.
type Retention struct {
	MemoryHours, MagneticDays int  // of Timestream
	RunDays, SampleDays       *int // of PostgreSQL; 0 = for ever, nil = as it is
}

// Likeness says whether two names mean the same store. A name can be spelt in several ways, and can be corrected:
// docs/stores.md has the rules.
type Likeness int

const (
	Another Likeness = iota // they are two stores
	Near                    // one may be a misspelling of the other
	Same                    // they are two spellings of one store
)

// Words are what the user of a store calls its settings and the commands that help. A store puts these words into its
// errors, and has none of its own: where a word is "", the error says less.
type Words struct {
	Init   string // the command that makes what is missing
	Export string // the command that writes the runs of a store to a file; the name of the store follows
	URL    string // the settings
	Token  string
	Names  string // of the database and what it is in
	Since  string // the filter that asks for less
}

// Hint is word with the texts before and after it; "" where word is "".
func Hint(before, word, after string) string {
	if word == "" {
		return ""
	}
	return before + word + after
}

// Checker is a Store that can tell whether it is damaged, beside whether its runs can be read.
type Checker interface {
	Check(ctx context.Context) error
}

// Usable gives an error when a store cannot be asked any more, because it is closed or because ctx has ended.
func Usable(ctx context.Context, s Store, closed bool) error {
	if closed {
		return fmt.Errorf("%s: the store is closed", s)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

// Query says which runs are asked for. A field with its zero value does not restrict.
type Query struct {
	ID        string
	Platform  string
	Location  string // Unknown: runs whose location was not given
	Engine    string
	Transport TransportClass
	Path      Path
	Echo      string    // the place whose echo answered; NoPlace: runs that no other place answered
	Since     time.Time // End is not before it
	Until     time.Time // End is before it
	Limit     int       // the last so many
	Invalid   bool      // sums have the runs in them that are invalid; Runs gives them always
	Samples   bool      // with their samples; without, Run.Kept says what a run's summary was
}

// Unknown is the location of runs that were given none.
const Unknown = "unknown"

// Matches reports whether q asks for r. Limit, Samples and Invalid are not looked at.
func (q Query) Matches(r Run) bool {
	return (q.ID == "" || q.ID == r.ID) && q.OfSeries(SeriesOf(r)) && q.OfTime(r.End)
}

// OfSeries reports whether q asks for runs of s.
func (q Query) OfSeries(s Series) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	return is(q.Platform, s.Platform) && is(q.Location, s.Location) && is(q.Engine, s.Engine) &&
		is(string(q.Transport), string(s.Transport)) && is(string(q.Path), string(s.Path)) && is(q.Echo, s.Echo)
}

// OfTime reports whether q asks for runs whose End is end.
func (q Query) OfTime(end time.Time) bool {
	return (q.Since.IsZero() || !end.Before(q.Since)) && (q.Until.IsZero() || end.Before(q.Until))
}

// LeavesOut reports whether sums for q leave r out: r is invalid, and q does not ask for invalid runs.
func (q Query) LeavesOut(r Record) bool {
	return !q.Invalid && r.Summary.Validity.Verdict == Invalid
}

// Kept is what remains of a run that was read back without its samples.
type Kept struct {
	Summary      Summary // without RTTs and LateRTTs
	Histogram    stats.Histogram
	Conversation Conversation // of audio, as it was told when the pings were there
}

// Histogram is the histogram of the round trip times of pings answered in time.
func (r Run) Histogram() stats.Histogram {
	if r.Kept != nil {
		return r.Kept.Histogram
	}
	var rtts []time.Duration
	for _, s := range r.Samples {
		if s.Outcome == Answered {
			rtts = append(rtts, s.RTT)
		}
	}
	return stats.HistogramOf(rtts)
}
