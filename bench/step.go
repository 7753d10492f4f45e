package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Step is what a join waits for. Errors name the step at which the time ran out.
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

// parting is how long tidying up may take where no time is left. It may be short, for a room or an order also ends by
// itself.
const parting = 100 * time.Millisecond

// Farewell is a context for tidying up after a step that had until ctx's deadline. It ends after most, or at the
// deadline where the deadline comes first, so that the limit which a user gave holds. Where ctx has ended, it ends
// after parting.
func Farewell(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	if end, bounded := ctx.Deadline(); bounded {
		most = min(most, max(parting, time.Until(end)))
	}
	if ctx.Err() != nil {
		most = parting
	}
	return context.WithTimeout(context.WithoutCancel(ctx), most)
}

// LateError is the error of a Join whose time ran out before the seat was taken. It says what had not happened by then.
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

// Unwrap is the reason why the time ran out.
func (e *LateError) Unwrap() error { return e.Cause }

// ErrNoEcho means that nobody answered during the warm-up.
var ErrNoEcho = errors.New("no echo answered")

// NoEcho wraps ErrNoEcho. It says how long the runner waited, and what came meanwhile: pongs that match no ping of the
// run, and messages that nobody can read.
func NoEcho(waited time.Duration, strays, malformed int) error {
	var came []string
	if strays > 0 {
		came = append(came, fmt.Sprintf("%s came that %s no ping of this run: another runner's, or of an echo that "+
			"changes time stamps", Many(strays, "pong"), Form(strays, "matches", "match")))
	}
	if malformed > 0 {
		came = append(came, fmt.Sprintf("%s came that nobody can read as a pong", Many(malformed, "message")))
	}
	if came == nil {
		return fmt.Errorf("%w in %v, waiting for %s", ErrNoEcho, waited, StepPong)
	}
	return fmt.Errorf("%w in %v, waiting for %s, while %s", ErrNoEcho, waited, StepPong, strings.Join(came, ", and "))
}
