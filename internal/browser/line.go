package browser

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser/contract"
)

// mostTalks is how many Talks of a call may wait to be read: as many as come in minutes.
const mostTalks = 8192

// Line is a page that takes part in a call with a voice. All its moments are by the clock of the page's worker.
type Line struct {
	page  *Page
	read  time.Time // when the page's clock was read …
	clock float64   // … and what it said, in Unix ms

	next    int                   // the Talk that is due; Hear alone uses what follows
	waiting map[int]contract.Talk // later ones, which overtook it
	heard   []bench.Heard         // not yet handed out
	ended   error
}

var _ bench.Performer = (*Line)(nil)

// clockRounds is how often a page's clock is read. The reading with the tightest bound counts.
const clockRounds = 10

// Call gives the page a voice. The silence of the page's encoder leaves until Perform is called. The call is over when
// there was no connection for reconnect; 0 = when the platform's library gives up. The caller closes the Line.
func (p *Page) Call(ctx context.Context, reconnect time.Duration) (*Line, error) {
	l := &Line{page: p, next: 1, waiting: map[int]contract.Talk{}}
	best := time.Hour
	for range clockRounds {
		before := time.Now()
		clock, err := evaluate[float64](ctx, p, "clock", nil)
		if err != nil {
			return nil, err
		}
		if took := time.Since(before); took < best {
			best, l.read, l.clock = took, before.Add(took/2), clock
		}
	}
	_, err := evaluate[any](ctx, p, "call", contract.Call{Quiet: contract.Say{Packets: []string{}},
		ReconnectTimeout: float64(reconnect) / float64(time.Millisecond)})
	if err != nil {
		return nil, inTime(ctx, err, bench.Missing{What: "the room was joined, and our audio was not taken"})
	}
	return l, nil
}

// Speak implements bench.Line. It always fails: the page's encoder keeps the grid, so Perform says what is to be said.
func (l *Line) Speak([]byte, uint64) (time.Time, error) {
	return time.Time{}, errors.New("a page's voice performs, and does not speak")
}

// sayTimeout bounds how long an order takes to reach the page.
const sayTimeout = 10 * time.Second

// Perform implements bench.Performer.
func (l *Line) Perform(say uint32, packets [][]byte) error {
	s := contract.Say{Number: say}
	for _, p := range packets {
		s.Packets = append(s.Packets, base64.StdEncoding.EncodeToString(p))
	}
	return l.order("say", s)
}

// Cut implements bench.Performer.
func (l *Line) Cut(say uint32) error { return l.order("cut", say) }

func (l *Line) order(function string, argument any) error {
	ctx, cancel := context.WithTimeout(l.page.ctx, sayTimeout)
	defer cancel()
	_, err := evaluate[any](ctx, l.page, function, argument)
	return err
}

// Hear implements bench.Line.
func (l *Line) Hear(ctx context.Context) (bench.Heard, error) {
	for len(l.heard) == 0 {
		if l.ended != nil {
			return bench.Heard{}, l.ended
		}
		select {
		case t := <-l.page.talks:
			l.take(t)
		case <-l.page.gone:
			l.ended = fmt.Errorf("%w: the page crashed, or its browser ended", bench.ErrEnded)
		case <-l.page.ctx.Done():
			l.ended = bench.ErrClosed
		case <-ctx.Done():
			return bench.Heard{}, ctx.Err()
		}
	}
	first := l.heard[0]
	l.heard = l.heard[1:]
	return first, nil
}

// take puts the Talks of the page in order.
func (l *Line) take(t contract.Talk) {
	l.waiting[t.Talk] = t
	for t, ok := l.waiting[l.next]; ok; t, ok = l.waiting[l.next] {
		delete(l.waiting, l.next)
		l.next++
		for _, h := range t.Heard {
			l.heard = append(l.heard, l.heardOf(h))
		}
		if t.Ended != "" {
			l.ended = fmt.Errorf("%w: %s", bench.ErrEnded, t.Ended)
		}
	}
}

// kinds are the HeardKinds, by the names that the page gives them.
var kinds = map[string]bench.HeardKind{"sound": bench.HeardSound, "spoken": bench.HeardSpoken,
	"joined": bench.HeardJoined, "left": bench.HeardLeft, "told": bench.HeardTold}

func (l *Line) heardOf(h contract.Heard) bench.Heard {
	packet, _ := base64.StdEncoding.DecodeString(h.Packet) // the page has made it
	return bench.Heard{
		Kind: kinds[h.Kind], At: l.read.Add(fromMillis(h.At - l.clock)), From: h.From, Track: strconv.Itoa(h.Track),
		Sound: bench.Sound{Seq: h.Seq, Timestamp: h.Stamp, Packet: packet},
		Say:   h.Say, Index: h.Index, Last: h.Last, What: h.What, Text: h.Text,
	}
}

// Facts implements bench.Line.
func (l *Line) Facts() bench.Facts {
	asking, cancel := context.WithTimeout(l.page.ctx, leaveTimeout)
	defer cancel()
	facts := l.page.facts
	if now, err := evaluate[contract.Facts](asking, l.page, "facts", nil); err == nil {
		facts = now
	}
	f := factsOf(facts, l.page.identity, l.page.build)
	f.Transport = bench.Turn
	return f
}

// Close implements bench.Line.
func (l *Line) Close() error { return l.page.Close() }
