//go:build !linux

package lab

import (
	"context"
	"os/exec"

	"rtcbench/bench"
)

// Network is for Linux alone.
type Network struct{}

// Build says that there is no lab here.
func Build(Scenario, uint64) (*Network, error) { return nil, ErrUnavailable }

// Start is never called.
func (*Network) Start(Place, *exec.Cmd) error { return ErrUnavailable }

// ClockReading is never called.
func (*Network) ClockReading() string { return "" }

// ClockOf says that there is no lab here.
func ClockOf(string) (bench.Clock, error) { return bench.Clock{}, ErrUnavailable }

// Do is never called.
func (*Network) Do(Place, func()) {}

// Close is never called.
func (*Network) Close() (Log, error) { return Log{}, ErrUnavailable }

// Enter says that there is no lab here.
func Enter(string, []string, []string) error { return ErrUnavailable }

// KeepBusy says that there is no lab here.
func KeepBusy(context.Context) error { return ErrUnavailable }
