package measure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"rtcbench/bench"
	"rtcbench/internal/browser"
	"rtcbench/internal/recorder"
	"rtcbench/internal/turn"
)

// TurnJob is a job whose samples are turns of conversations: Plan.Count and Plan.Timeout are of turns.
type TurnJob struct {
	Job
	Calls      int // one room each
	Steps      []turn.Step
	Utterances map[string]turn.Utterance
	Rest, Gap  time.Duration
	Playout    bool            // what a jitter buffer adds is estimated, too
	Greeting   time.Duration   // how long one is waited for
	Own        *turn.Agent     // answers from a second seat of this process; nil = somebody else does
	Recording  *turn.Recording // of the first call; nil = nobody records
	RecordedAs string
}

// leastPresence is how long the caller looks for participants when joining took all of its time.
const leastPresence = 200 * time.Millisecond

// NoAgentError means that nobody is in the room to be called.
type NoAgentError struct {
	Where string
	Err   error
}

// Error names the room.
func (e *NoAgentError) Error() string { return fmt.Sprintf("call in %s: %v", e.Where, e.Err) }

// Unwrap is what the caller saw.
func (e *NoAgentError) Unwrap() error { return e.Err }

// Turns makes the calls of a job, one after the other. The run is complete, also where err says why it ended early. A
// run without an ID was not measured. on is called with each turn.
func Turns(ctx context.Context, job TurnJob, env Env, on func(turn.Turn)) (run bench.Run, err error) {
	t := &turning{job: job, run: bench.Run{Platform: job.Platform, Turns: &bench.Turns{
		Rule: turn.Rule(job.Rest, job.Gap), Known: job.Own != nil}}}
	settled, over := env.watched(job.Job, nil)
	defer func() { over(run) }()
	t.on = t.told(settled, on)
	t.run.Turns.Rule.Recording, t.run.Turns.Rule.Playout = job.RecordedAs, job.Playout
	pauses, watch := recorder.MarkPauses(), recorder.Machine{}.Watch()
	var last *attempt
	for range max(1, job.Calls) {
		a, failed := newAttempt(job.Job, env)
		if failed != nil {
			return bench.Run{Platform: job.Platform}, failed
		}
		a.meet()
		if err = t.call(ctx, a); err != nil && t.run.ID == "" {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return bench.Run{Platform: job.Platform}, err
		}
		if last = a; err != nil {
			break
		}
	}
	t.end(ctx, err)
	t.run.Pauses, t.run.Machine = pauses.Since(), watch.Machine()
	last.complete(&t.run, seen{}, err)
	return t.run, err
}

// turning is a job of turns under way.
type turning struct {
	job TurnJob
	on  func(turn.Turn)
	run bench.Run
}

// told gives a function that calls settled with the sample of each turn, and then on with the turn.
func (t *turning) told(settled func(bench.Sample), on func(turn.Turn)) func(turn.Turn) {
	seq := uint32(0)
	return func(one turn.Turn) {
		seq++
		one.Seq = seq
		if settled != nil {
			settled(t.sample(one))
		}
		on(one)
	}
}

// call makes one call.
func (t *turning) call(ctx context.Context, a *attempt) (err error) {
	defer func() {
		bye, cancel := a.farewell(ctx)
		defer cancel()
		if e := a.meeting.Delete(bye); e != nil {
			t.run.Doubts = append(t.run.Doubts, bench.Doubt{Code: "room-left", Text: e.Error()})
		}
	}()
	joining, cancel := a.remaining(ctx)
	defer cancel()
	ordered := time.Time{}
	if a.job.Place.Agent != "" || a.job.Place.Starter.URL != "" {
		ordered = time.Now()
	}
	if a.job.Engine == bench.Browser { // before anybody is sent for
		if err := browser.Check(a.env.Browser); err != nil {
			return err
		}
	}
	if err := a.meeting.Open(joining); err != nil {
		return a.late(err)
	}
	line, leave, err := a.line(joining, bench.NewIdentity(bench.Speaker))
	if err != nil {
		return err
	}
	defer leave()
	if t.job.Own != nil {
		leave, err := t.answer(ctx, joining, a)
		if err != nil {
			return err
		}
		defer leave()
	}
	if t.run.ID == "" {
		t.run.ID, t.run.Start = uuid.Must(uuid.NewV7()).String(), time.Now()
	}
	presence := max(time.Until(a.until), leastPresence)
	cancel()
	of, turns, err := turn.Call(ctx, line, turn.Options{
		Steps: t.job.Steps, Utterances: t.job.Utterances, Timeout: t.job.Plan.Timeout, Rest: t.job.Rest, Gap: t.job.Gap,
		Greeting: t.job.Greeting, Presence: presence, Ordered: ordered, Recording: t.recording(), On: t.on,
		Playout: t.job.Playout,
	})
	t.run.Facts = line.Facts()
	if rtt := t.run.Facts.Daily.NetworkRTT; !of.Network.OK && rtt.OK { // as Daily's library tells it
		of.Network, of.NetworkBy = rtt, bench.NetworkByReports
	}
	t.take(of, turns)
	if errors.Is(err, bench.ErrNobody) {
		if len(t.run.Samples) == 0 {
			t.run.ID = ""
		}
		err = &NoAgentError{a.meeting.String(), err}
	}
	a.ended(t.run)
	if err != nil || len(t.run.Turns.Calls) == 1 {
		err = a.meeting.Complete(ctx, &t.run, err)
	}
	return err
}

// recording is the job's Recording in the first call; nil in the others.
func (t *turning) recording() *turn.Recording {
	if len(t.run.Turns.Calls) > 0 {
		return nil
	}
	return t.job.Recording
}

// line takes a seat with a voice. The caller calls leave.
func (a *attempt) line(ctx context.Context, identity string) (line bench.Line, leave func(), err error) {
	if a.job.Engine == bench.Browser {
		return a.page(ctx)
	}
	if a.platform.Voice == nil {
		return nil, nil, fmt.Errorf("nobody can speak in a room of %s by the native engine", a.platform.Title)
	}
	seat, err := a.meeting.Seat(bench.Speaker, identity)
	if err != nil {
		return nil, nil, err
	}
	line, err = a.platform.Voice.Call(ctx, seat.Room, bench.JoinOptions{Identity: identity, Role: bench.Speaker,
		Class: bench.Turn, ReconnectTimeout: a.job.Plan.ReconnectTimeout})
	if err != nil {
		return nil, nil, a.late(&JoinError{a.meeting.String(), err})
	}
	return line, func() { line.Close() }, nil
}

// page takes a seat with a voice by a page of a browser. The browser ends with the call: only when the call begins is
// it known to which hosts the page speaks.
func (a *attempt) page(ctx context.Context) (line bench.Line, leave func(), err error) {
	where := a.job.Place
	where.URL = a.meeting.URL()
	line, leave, err = Page(ctx, a.env.Browser, a.platform, where, a.meeting, a.job.Plan.ReconnectTimeout)
	if err != nil {
		err = a.late(err)
	}
	return line, leave, err
}

// Page starts a browser, and takes a seat with a voice by one of its pages. The line is over when there was no
// connection for reconnect; 0 = when the platform's library gives up. The caller calls leave.
func Page(ctx context.Context, o browser.Options, p bench.Platform, where bench.Place, m bench.Meeting,
	reconnect time.Duration) (line bench.Line, leave func(), err error) {
	o.Rooms = append(o.Rooms, Reach(p, where))
	b, err := browser.Start(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	page, err := Open(ctx, b, p, m, bench.Speaker, bench.Turn)
	if err == nil {
		if line, err = page.Call(ctx, reconnect); err != nil {
			page.Close()
			err = &JoinError{m.String(), err}
		}
	}
	if err != nil {
		b.Close()
		return nil, nil, err
	}
	return line, func() { line.Close(); b.Close() }, nil
}

// answer lets an agent of ours answer from a second seat, until leave is called.
func (t *turning) answer(ctx, joining context.Context, a *attempt) (leave func(), err error) {
	line, away, err := a.line(joining, bench.NewIdentity("agent"))
	if err != nil {
		return nil, err
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t.job.Own.Serve(serving, line)
	}()
	return func() { stop(); <-ended; away() }, nil
}

// take keeps what one call brought.
func (t *turning) take(of bench.TurnCall, turns []turn.Turn) {
	facts := t.run.Turns
	facts.Calls = append(facts.Calls, of)
	var log []turn.Answered
	if t.job.Own != nil {
		log = t.job.Own.Log()
	}
	for _, one := range turns {
		one.Seq, one.Call = uint32(len(facts.Turns)+1), len(facts.Calls)
		if known, ok := turn.Beside(one, log); ok && !known.Doubtful() {
			one.Logged = bench.Quantity{D: known.Took(), OK: true}
			one.OwnError = bench.Quantity{D: one.Latency.D - known.Took(), OK: true}
		}
		facts.Turns = append(facts.Turns, one.TurnFact)
		t.run.Samples = append(t.run.Samples, t.sample(one))
	}
	if t.run.Echo.Identity == "" {
		t.run.Echo.Identity = of.Agent
	}
}

// sample is a turn as a Sample, in the form in which other runs have their pings.
func (t *turning) sample(one turn.Turn) bench.Sample {
	at := one.Ended.Sub(t.run.Start)
	s := bench.Sample{Seq: one.Seq, Due: at, Sent: at}
	switch one.Fate {
	case bench.TurnAnswered:
		s.Outcome, s.RTT = bench.Answered, one.Latency.D
	case bench.TurnUnanswered:
		s.Outcome = bench.Lost
	default:
		s.Outcome, s.Reason = bench.NotSent, bench.NoLatency
	}
	return s
}

// end fills in what is known when all calls are over.
func (t *turning) end(ctx context.Context, err error) {
	r := &t.run
	r.Plan, r.End, r.Clocks = t.job.Plan, time.Now(), bench.UnknownOffsets
	r.Counts.Tally(r.Samples)
	switch {
	case err == nil:
		r.Ended = bench.Complete
	case ctx.Err() != nil:
		r.Ended = recorder.EndOf(ctx)
	default:
		r.Ended = bench.LinkLost
	}
}
