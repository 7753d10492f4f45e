package measure

import (
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
)

// JoinError is why a room was not joined.
type JoinError struct {
	Where string // the room, for people
	Err   error
}

// Error names the room.
func (e *JoinError) Error() string { return fmt.Sprintf("join %s: %v", e.Where, e.Err) }

// Unwrap is why.
func (e *JoinError) Unwrap() error { return e.Err }

// LateError is a seat that was not taken within a job's limit.
type LateError struct {
	Limit  time.Duration // Job.Within
	Engine string
	Err    error // what had not happened
}

// Error says what had not happened.
func (e *LateError) Error() string { return e.Err.Error() }

// Unwrap is what had not happened.
func (e *LateError) Unwrap() error { return e.Err }

// noTimeLeft is the error of a join for which the limit left nothing.
type noTimeLeft struct{ error }

func (noTimeLeft) Error() string { return "there was no time left for it" }

func (e noTimeLeft) Unwrap() error { return e.error }

// ServiceError is an echo service that gave no room, or one that cannot be used.
type ServiceError struct {
	Service Service
	Limit   time.Duration // within which it was asked
	Err     error
}

// Error is why.
func (e *ServiceError) Error() string { return e.Err.Error() }

// Unwrap is why.
func (e *ServiceError) Unwrap() error { return e.Err }

// NoEchoError is a room in which nobody answered.
type NoEchoError struct {
	Where string
	Err   error
}

// Error names the room.
func (e *NoEchoError) Error() string { return fmt.Sprintf("join %s: %v", e.Where, e.Err) }

// Unwrap is what the runner saw.
func (e *NoEchoError) Unwrap() error { return e.Err }

// noEcho is err, with the room if it is that nobody answered there.
func noEcho(where string, err error) error {
	if errors.Is(err, bench.ErrNoEcho) {
		return &NoEchoError{where, err}
	}
	return err
}
