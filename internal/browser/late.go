package browser

import (
	"context"
	"errors"

	"rtcbench/bench"
)

// LateError is a seat that was not taken when the time for it was over. It says which phase it was in, and wraps why it
// was over.
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

// Maybe goes on in the parentheses of an advice; it begins with a semicolon, or is empty.
func (e *LateError) Maybe() string { return e.phase.Maybe }

// Unwrap is the context's cause.
func (e *LateError) Unwrap() error { return e.cause }

// NotUp is the LateError of a browser that was not up in time.
func NotUp(cause error) *LateError { return &LateError{startPhase, cause} }

// inTime is err, or a LateError if the time was over.
func inTime(ctx context.Context, err error, at bench.Missing) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &LateError{at, context.Cause(ctx)}
	}
	return err
}

// reached notes what the page tells of its join.
func (p *Page) reached(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, known := p.missing[name]; known { // what is not told of leaves the phase as it was
		p.phase = at
	}
}

func (p *Page) phaseNow() bench.Missing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.phase
}
