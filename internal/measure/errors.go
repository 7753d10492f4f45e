package measure

import (
	"errors"
	"fmt"
	"time"

	"rtcbench/bench"
)

// JoinError says why a room was not joined.
type JoinError struct {
	Where string // the room, for people
	Err   error
}

// Error names the room.
func (e *JoinError) Error() string { return fmt.Sprintf("join %s: %v", e.Where, e.Err) }

// Unwrap is why.
func (e *JoinError) Unwrap() error { return e.Err }

// LateError means that a seat was not taken within a job's limit.
type LateError struct {
	Limit  time.Duration // Job.Within
	Engine string
	Err    error // what had not happened
}

// Error says what had not happened.
func (e *LateError) Error() string { return e.Err.Error() }

// Unwrap is what had not happened.
func (e *LateError) Unwrap() error { return e.Err }

// noTimeLeft is the error of a join that began when the limit had left no time.
type noTimeLeft struct{ error }

func (noTimeLeft) Error() string { return "there was no time left for it" }

func (e noTimeLeft) Unwrap() error { return e.error }

// ServiceError means that an echo service gave no room, or a room that cannot be used.
type ServiceError struct {
	Service Service
	Limit   time.Duration // within which it was asked
	Err     error
}

// Error is the reason.
func (e *ServiceError) Error() string { return e.Err.Error() }

// Unwrap is why.
func (e *ServiceError) Unwrap() error { return e.Err }

// NoEchoError means that nobody answered in a room.
type NoEchoError struct {
	Where string
	Err   error
}

// Error names the room.
func (e *NoEchoError) Error() string { return fmt.Sprintf("join %s: %v", e.Where, e.Err) }

// Unwrap is what the runner saw.
func (e *NoEchoError) Unwrap() error { return e.Err }

// noEcho is err, or a NoEchoError with the room if err says that nobody answered there.
func noEcho(where string, err error) error {
	if errors.Is(err, bench.ErrNoEcho) {
		return &NoEchoError{where, err}
	}
	return err
}
