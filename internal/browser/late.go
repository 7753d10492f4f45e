package browser

import (
	"context"
	"errors"
)

// LateError is a seat that was not taken when the time for it was over. It says which phase it was in, and wraps why it was over.
type LateError struct {
	phase phase
	cause error
}

// phase is what had not happened, and a question or an advice that may lead to the cause.
type phase struct{ missing, maybe string }

var (
	startPhase = phase{"Chromium was not up", ""}
	pagePhase  = phase{"the engine's page was not open in Chromium", ""}
)

// joinPhases are those of a platform by what was reached last, "" being the first. What is not here leaves the phase as it was.
var joinPhases = map[string]map[string]phase{
	"livekit": {
		"":             {"no answer", "; is this a LiveKit server?"},
		"signalling":   {"the server answers, but there is no connection for data", "; does a firewall stop UDP to it?"},
		"ice":          {"no DTLS to the server", "; does the path lose much?"},
		"dtls":         {"no data channel to the server", "; does the path lose much?"},
		"data_channel": {"the server carried no message on the data channel", ""},
	},
	"daily": {
		"":           {"daily-js had not loaded its call machine", "; can this machine reach Daily's CDN, or the mirror?"},
		"bundle":     {"no answer from Daily's signalling", "; does a firewall stop it?"},
		"signalling": {"Daily's signalling answers, but the room was not joined", ""},
		"sfu":        {"Daily's signalling answers, but the room was not joined", ""},
	},
}

// Error says what had not happened.
func (e *LateError) Error() string { return e.phase.missing }

// Maybe goes on in the parentheses of an advice; it begins with a semicolon, or is empty.
func (e *LateError) Maybe() string { return e.phase.maybe }

// Unwrap is the context's cause.
func (e *LateError) Unwrap() error { return e.cause }

// NotUp is the LateError of a browser that was not up in time.
func NotUp(cause error) *LateError { return &LateError{startPhase, cause} }

// inTime is err, or a LateError if the time was over.
func inTime(ctx context.Context, err error, at phase) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &LateError{at, context.Cause(ctx)}
	}
	return err
}

// reached notes what the page tells of its join.
func (p *Page) reached(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, known := joinPhases[p.platform][name]; known {
		p.phase = at
	}
}

func (p *Page) phaseNow() phase {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.phase
}
