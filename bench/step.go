package bench

import (
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
