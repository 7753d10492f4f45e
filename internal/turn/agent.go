package turn

import (
	"context"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/turn/utterances"
)

// Agent is a voice agent whose answers are known. It hears its caller out, and speaks a known time after the caller's
// last audible sample reached it. It writes down when it heard and spoke.
type Agent struct {
	Delay    time.Duration // from the end of the caller's speech, as it was heard here, to the answer
	Patience time.Duration // silence after which the caller has ended; 0 = DefaultPatience
	Mute     bool          // it never answers
	Greets   bool          // it speaks first when somebody comes

	mu  sync.Mutex
	log []Answered
}

// DefaultPatience is longer than any pause in the utterances of this program.
const DefaultPatience = 550 * time.Millisecond

// LeastDelay is the shortest delay that an agent with DefaultPatience can keep: it has to know that the caller has
// ended, and answers on a grid.
const LeastDelay = DefaultPatience + 100*time.Millisecond

// Answered is what the agent knows of one answer.
type Answered struct {
	Heard   time.Time // the last audible sample of the caller's was here
	Spoke   time.Time // the first audible sample of the answer left
	Stopped time.Time // the last audible sample of the answer left
	// For how long this process did not get to its packets around Heard and Spoke: they may be wrong by as much.
	Stalled time.Duration
}

// Doubtful reports whether the agent's process had no time for its log: no turn can then be compared with the answer.
func (a Answered) Doubtful() bool { return a.Stalled > bench.MostStalled }

// Took is how long the answer took, by the agent's own log.
func (a Answered) Took() time.Duration { return a.Spoke.Sub(a.Heard) }

// Beside is the answer in an agent's log that belongs to a turn. ok is false where the log has none, or where the
// caller heard the agent before the caller's own speech had ended.
func Beside(t Turn, log []Answered) (a Answered, ok bool) {
	const longestWay = 2 * time.Second // how long the caller's speech may take to the agent
	for _, a := range log {
		if way := a.Heard.Sub(t.Ended); t.Fate == bench.TurnAnswered && way > -place(window) && way < longestWay &&
			!a.Spoke.IsZero() {
			return a, true
		}
	}
	return Answered{}, false
}

// Log is what the agent has answered so far.
func (a *Agent) Log() []Answered {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Answered(nil), a.log...)
}

// Serve answers on a line until ctx ends or the line is over. It does not close the line.
func (a *Agent) Serve(ctx context.Context, line bench.Line) error {
	mouth, err := newMouth(line)
	if err != nil {
		return err
	}
	w := &serving{agent: a, mouth: mouth, hall: newHall(line)}
	if w.reply, err = Reply(); err != nil {
		return err
	}
	greeting, err := Builtin(utterances.Greeting)
	if err != nil {
		return err
	}
	w.hall.spoken = mouth.told
	if w.hall.known, err = packetsKnown(); err != nil {
		return err
	}
	inner, stop := context.WithCancel(ctx)
	ended := make(chan error, 2)
	go func() { ended <- mouth.run(inner) }()
	go func() { ended <- w.hall.run(inner) }()
	defer func() { stop(); <-ended; <-ended }()
	if a.Greets {
		if err := w.greet(ctx, greeting); err != nil {
			return err
		}
	}
	for {
		if err := w.answer(ctx); err != nil {
			return err
		}
	}
}

// serving is an agent at work.
type serving struct {
	agent *Agent
	mouth *mouth
	hall  *hall
	reply Utterance
	done  time.Time // up to this moment the caller's speech is answered
}

// greet speaks once a participant is here and sends sound: the way to the caller is then open, too.
func (w *serving) greet(ctx context.Context, greeting Utterance) error {
	err := w.until(ctx, func() bool {
		packets, _, _, _ := w.hall.sums()
		return packets > 10
	})
	if err != nil {
		return err
	}
	said := w.mouth.say(greeting)
	return w.until(ctx, func() bool { return closed(said.done) })
}

// answer waits for one speech of the caller's, and answers it.
func (w *serving) answer(ctx context.Context) error {
	patience := w.agent.Patience
	if patience == 0 {
		patience = DefaultPatience
	}
	var heard time.Time
	if err := w.until(ctx, func() bool {
		heard = w.hall.voiceAt()
		return heard.After(w.done) && time.Since(heard) >= patience
	}); err != nil {
		return err
	}
	w.done = heard
	if w.agent.Mute {
		return nil
	}
	start := heard.Add(w.agent.Delay - place(w.reply.First))
	if err := w.until(ctx, func() bool { return !time.Now().Before(start) }); err != nil {
		return err
	}
	said := w.mouth.say(w.reply)
	interrupted := false
	err := w.until(ctx, func() bool {
		if w.hall.voiceAt().After(w.done) && !interrupted {
			interrupted = true
			w.mouth.stop()
		}
		return closed(said.done)
	})
	first, last := w.mouth.spoken(said)
	w.agent.mu.Lock()
	defer w.agent.mu.Unlock()
	w.agent.log = append(w.agent.log, Answered{heard, first, last,
		max(w.mouth.stalled(heard), w.mouth.stalled(first))})
	return err
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// until waits until is() is true, however long that takes. An error is that of ctx or of the line.
func (w *serving) until(ctx context.Context, is func() bool) error {
	every := time.NewTicker(look / 2)
	defer every.Stop()
	for !is() {
		if err := w.hall.over(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-every.C:
		}
	}
	return nil
}
