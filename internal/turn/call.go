// Package turn measures how long a voice agent takes to answer, as its caller hears it. The caller speaks on a line,
// listens, and finds on the sample grid where the answer begins. The package also has an agent of its own, which
// answers after a known time. It knows no SDK, no platform and no store; docs/turn.md has the definitions.
package turn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
)

// Options say how a call goes.
type Options struct {
	Steps      []Step
	Utterances map[string]Utterance // by name: all that Steps name

	Timeout  time.Duration // how long an answer may take
	Rest     time.Duration // of silence before each turn
	Gap      time.Duration // silence within a reply that is told
	Greeting time.Duration // how long to wait for one
	Presence time.Duration // how long to wait for somebody to be there
	Playout  bool          // what a jitter buffer adds is estimated, too
	Ordered  time.Time     // when the agent was sent for; zero = nobody sent for one

	Recording *Recording           // gets both sides; nil = nobody records
	On        func(Turn)           // called with each turn; nil = nobody listens
	Greeted   func(bench.Quantity) // called when the greeting came, or did not
}

// Turn is one turn, with when its caller had ended and who answered.
type Turn struct {
	bench.TurnFact
	Ended time.Time // the last audible sample of the caller's left
	From  string    // who answered; "" = nobody did
}

// errLeft means that the participant who was called has left, which ends the call.
var errLeft = errors.New("the agent left the room")

// longestReply is how long an agent may speak before the caller goes on.
const longestReply = 2 * time.Minute

// look is how often the caller looks at what was heard: decisions wait for the next look, measurements do not.
const look = 10 * time.Millisecond

// Call makes one call on a line, which it does not close. With an error it also returns what was measured until then.
func Call(ctx context.Context, line bench.Line, o Options) (of bench.TurnCall, turns []Turn, err error) {
	c := &call{o: o, hall: newHall(line), joined: time.Now()}
	if c.mouth, err = newMouth(line); err != nil {
		return of, nil, err
	}
	c.hall.spoken, c.hall.pings = c.mouth.told, newPings()
	c.mouth.pings = c.hall.pings
	if o.Recording != nil {
		c.hall.recorded, c.mouth.spoke = o.Recording.agent, o.Recording.caller
	}
	inner, stop := context.WithCancel(ctx)
	ended := make(chan error, 2)
	go func() { ended <- c.mouth.run(inner) }()
	go func() { ended <- c.hall.run(inner) }()
	err = c.converse(ctx)
	if over := c.hall.over(); over != nil && ctx.Err() == nil {
		err = over
	}
	stop()
	<-ended
	<-ended
	c.of.Packets, c.of.Lost, c.of.Strange, _ = c.hall.sums()
	if _, _, _, length := c.hall.sums(); length > 0 {
		c.of.Track = known(length)
	}
	c.of.OwnLate = known(c.mouth.latest())
	c.of.Network, c.of.NetworkBy = c.hall.pings.share(c.mouth.stalled)
	return c.of, c.turns, err
}

// call is a call under way.
type call struct {
	o      Options
	mouth  *mouth
	hall   *hall
	joined time.Time
	said   time.Time // when the caller last said something
	of     bench.TurnCall
	turns  []Turn
}

func (c *call) converse(ctx context.Context) error {
	if err := c.meet(ctx); err != nil {
		return err
	}
	for _, s := range c.o.Steps {
		if c.hall.gone() {
			return fmt.Errorf("%w after %d of %s", errLeft, len(c.turns), bench.Many(Turns(c.o.Steps), "turn"))
		}
		if err := c.step(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// meet waits until a participant is there, and then for a greeting.
func (c *call) meet(ctx context.Context) error {
	there, err := c.until(ctx, c.o.Presence, func() bool { return !c.hall.came().IsZero() })
	switch {
	case err != nil:
		return err
	case !there:
		return fmt.Errorf("%w after %v", bench.ErrNobody, c.o.Presence.Round(100*time.Millisecond))
	}
	came := later(c.joined, c.hall.came())
	if !c.o.Ordered.IsZero() {
		c.of.Dispatch = known(c.hall.came().Sub(c.o.Ordered))
	}
	greeted, err := c.until(ctx, c.o.Greeting, func() bool { return !c.hall.voiceAt().IsZero() })
	if err != nil {
		return err
	}
	if greeted {
		for _, s := range c.hall.since(came.Add(-time.Second)) {
			if list := voices(s.slots, quietest, c.o.Gap); len(list) > 0 {
				at := list[0].from.Sub(came)
				if !c.of.Greeting.OK || at < c.of.Greeting.D {
					c.of.Greeting, c.of.Agent = known(max(0, at)), s.from
				}
			}
		}
	}
	if c.o.Greeted != nil {
		c.o.Greeted(c.of.Greeting)
	}
	return nil
}

func (c *call) step(ctx context.Context, s Step) error {
	switch {
	case s.Silence > 0:
		_, err := c.until(ctx, s.Silence, func() bool { return false })
		return err
	case !s.Waits:
		_, err := c.say(ctx, s.Say)
		return err
	}
	return c.turn(ctx, s)
}

// turn says an utterance, and waits for the answer and for the answer's end.
func (c *call) turn(ctx context.Context, s Step) error {
	rested, err := c.rest(ctx, c.o.Timeout)
	if err != nil {
		return err
	}
	if !rested {
		now := time.Now()
		c.take(Turn{Ended: now, TurnFact: bench.TurnFact{Said: s.Say, Fate: bench.TurnNotMeasurable, Floor: nothing,
			Threshold: quietest, Why: fmt.Sprintf("the agent's side was not silent for %v within %v: it speaks on, or "+
				"there is music or loud noise", c.o.Rest, c.o.Timeout)}}, now, now)
		return nil
	}
	begin := time.Now()
	said, err := c.say(ctx, s.Say)
	if err != nil {
		return err
	}
	a := asked{utterance: c.o.Utterances[s.Say]}
	a.first, a.last = c.mouth.spoken(said)
	spoke := func() bool { return c.hall.voiceAt().After(begin) }
	settled := func() bool { return spoke() || c.hall.gone() }
	if _, err := c.until(ctx, time.Until(a.last)+c.o.Timeout, settled); err != nil {
		return err
	}
	answered := spoke()
	if answered && s.Interrupt > 0 {
		if err := c.interrupt(ctx, s, begin, &a); err != nil {
			return err
		}
	}
	if answered {
		if _, err := c.rest(ctx, longestReply); err != nil {
			return err
		}
	}
	until := time.Now()
	a.stalled = c.mouth.stalled
	fact, from := judge(a, c.hall.since(begin.Add(-c.o.Rest)), c.limits())
	if fact.Fate == bench.TurnUnanswered {
		fact.Waited = known(max(0, until.Sub(a.last)))
	}
	if fact.Fate == bench.TurnUnanswered && c.hall.gone() {
		fact.Why = errLeft.Error()
	}
	c.take(Turn{fact, a.last, from}, a.first, until)
	c.hall.forget(until.Add(-max(memory, c.o.Rest)))
	return nil
}

func (c *call) limits() limits { return limits{c.o.Timeout, c.o.Rest, c.o.Gap, c.o.Playout} }

// interrupt speaks into the answer.
func (c *call) interrupt(ctx context.Context, s Step, begin time.Time, a *asked) error {
	var began time.Time
	for _, x := range c.hall.since(begin.Add(-c.o.Rest)) {
		y := listen(*a, x, c.limits())
		if len(y.voices) > 0 && (began.IsZero() || y.voices[0].from.Before(began)) {
			began = y.voices[0].from
		}
	}
	if began.IsZero() {
		began = time.Now()
	}
	quiet := place(c.o.Utterances[s.With].First) // what an utterance begins with
	if _, err := c.until(ctx, time.Until(began.Add(s.Interrupt-quiet)), func() bool { return false }); err != nil {
		return err
	}
	said, err := c.say(ctx, s.With)
	if err == nil {
		a.interrupt, a.interrupted = c.mouth.spoken(said)
	}
	return err
}

// take keeps a turn, with what the agent said of itself meanwhile.
func (c *call) take(t Turn, first, until time.Time) {
	t.Notes = []bench.Note{}
	for _, n := range c.hall.said(first, until) {
		t.Notes = append(t.Notes, bench.Note{At: known(n.at.Sub(first)), What: n.what, Text: n.text})
	}
	if c.of.Agent == "" {
		c.of.Agent = t.From
	}
	c.turns = append(c.turns, t)
	if c.o.On != nil {
		c.o.On(t)
	}
}

// say says an utterance to its end.
func (c *call) say(ctx context.Context, name string) (*saying, error) {
	s := c.mouth.say(c.o.Utterances[name])
	_, err := c.until(ctx, time.Hour, func() bool {
		select {
		case <-s.done:
			return true
		default:
			return false
		}
	})
	c.said = time.Now()
	return s, err
}

// rest waits until nobody has spoken for Rest, and reports whether that happened in time. The time is within, and Rest
// beside it.
func (c *call) rest(ctx context.Context, within time.Duration) (bool, error) {
	return c.until(ctx, within+c.o.Rest, func() bool {
		return time.Since(later(c.hall.voiceAt(), later(c.joined, c.said))) >= c.o.Rest
	})
}

// until waits until is() is true, and reports whether that happened within the time given. An error is that of ctx or
// of the line.
func (c *call) until(ctx context.Context, within time.Duration, is func() bool) (bool, error) {
	deadline := time.Now().Add(within)
	timer := time.NewTimer(look)
	defer timer.Stop()
	for {
		switch over := c.hall.over(); {
		case ctx.Err() != nil:
			return false, context.Cause(ctx)
		case over != nil:
			return false, over
		case is():
			return true, nil
		case !time.Now().Before(deadline):
			return false, nil
		}
		timer.Reset(min(look, max(time.Until(deadline), time.Microsecond)))
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}
