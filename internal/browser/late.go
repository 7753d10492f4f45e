package browser

import (
	"context"
	"errors"

	"rtcbench/bench"
)

// LateError means that the time for taking a seat ran out. It says which phase the join was in, and wraps the reason
// why the time ran out.
type LateError struct {
	phase bench.Missing
	cause error
}

var (
	startPhase = bench.Missing{What: "Chromium was not up"}
	pagePhase  = bench.Missing{What: "the engine's page was not open in Chromium"}
)

// Error says what had not happened.
func (e *LateError) Error() string { return e.phase.What }

// Maybe is the rest of the advice that stands in parentheses. It begins with a semicolon, or is empty.
func (e *LateError) Maybe() string { return e.phase.Maybe }

// Unwrap is the context's cause.
func (e *LateError) Unwrap() error { return e.cause }

// NotUp is the LateError of a browser that did not start in time.
func NotUp(cause error) *LateError { return &LateError{startPhase, cause} }

// inTime is err, or a LateError if the time has run out.
func inTime(ctx context.Context, err error, at bench.Missing) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &LateError{at, context.Cause(ctx)}
	}
	return err
}

// reached notes which phase of its join the page has reached.
func (p *Page) reached(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, known := p.missing[name]; known { // a name that is not in missing leaves the phase as it was
		p.phase = at
	}
}

func (p *Page) phaseNow() bench.Missing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.phase
}
