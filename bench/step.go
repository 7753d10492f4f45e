package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Step is what a join waits for. Errors name the step at which a time was over.
type Step string

const (
	StepDNS     Step = "the address of the host's name"
	StepTCP     Step = "a TCP connection"
	StepTLS     Step = "the TLS handshake"
	StepAnswer  Step = "the answer to the request"
	StepRest    Step = "the rest of the answer"
	StepUpgrade Step = "the answer to the HTTP upgrade"
	StepJoin    Step = "the server's answer to the join"
	StepICE     Step = "a way for data (ICE)"
	StepDTLS    Step = "the DTLS handshake"
	StepChannel Step = "the data channels"
	StepPong    Step = "the first pong"
)

// parting is what tidying up has when no time is left: a room or an order ends by itself, too.
const parting = 100 * time.Millisecond

// Farewell is a context in which something is tidied up after a step that had until ctx's deadline, so that the limit
// which a user gave holds: it ends after most, or with the deadline where that comes first, and soon where that has
// passed.
func Farewell(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	if end, bounded := ctx.Deadline(); bounded {
		most = min(most, max(parting, time.Until(end)))
	}
	if ctx.Err() != nil {
		most = parting
	}
	return context.WithTimeout(context.WithoutCancel(ctx), most)
}

// LateError is a Join whose time was over before the seat was taken: what had not happened by then.
type LateError struct {
	What    string        // "no answer"
	Maybe   string        // a question that may lead to the cause, without parentheses
	After   time.Duration // how long it had
	Waiting Step          // for what
	Cause   error         // why it was over: the context's cause, or an SDK's own limit
}

// Error says what had not happened, and when.
func (e *LateError) Error() string {
	return fmt.Sprintf("%s in %v, waiting for %s (%s)", e.What, e.After.Round(100*time.Millisecond), e.Waiting, e.Maybe)
}

// Unwrap is why the time was over.
func (e *LateError) Unwrap() error { return e.Cause }

// ErrNoEcho means that nobody answered during the warm-up.
var ErrNoEcho = errors.New("no echo answered")

// NoEcho is ErrNoEcho with how long was waited, and how many pongs came all the same that match no ping of the run.
func NoEcho(waited time.Duration, strays int) error {
	if strays == 0 {
		return fmt.Errorf("%w in %v, waiting for %s", ErrNoEcho, waited, StepPong)
	}
	return fmt.Errorf("%w in %v, waiting for %s, while %d pong(s) came that match no ping of this run: "+
		"they are another runner's, or their echo changes time stamps",
		ErrNoEcho, waited, StepPong, strays)
}
