package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/echo"
)

// end is one end of a pipe of audio packets: a session that has nothing of a platform. Its packets are in memory that
// is used again.
type end struct {
	name      string
	out, in   chan []byte
	spare     chan []byte // of what is sent
	theirs    chan []byte // to where what was received goes back
	received  []byte
	otherName string
}

func newPipe() (a, b *end) {
	const room = 64
	there, back := make(chan []byte, room), make(chan []byte, room)
	spareThere, spareBack := make(chan []byte, 2*room), make(chan []byte, 2*room)
	for range cap(spareThere) {
		spareThere <- make([]byte, 0, audio.MaxSize)
		spareBack <- make([]byte, 0, audio.MaxSize)
	}
	return &end{name: "runner", out: there, in: back, spare: spareThere, theirs: spareBack, otherName: "echo"},
		&end{name: "echo", out: back, in: there, spare: spareBack, theirs: spareThere, otherName: "runner"}
}

func (e *end) Send(ctx context.Context, m bench.Message) error {
	select {
	case b := <-e.spare:
		e.out <- append(b[:0], m.Payload...)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *end) Recv(ctx context.Context) (bench.Packet, error) {
	if e.received != nil {
		e.theirs <- e.received
		e.received = nil
	}
	select {
	case e.received = <-e.in:
		return bench.Packet{Payload: e.received, From: e.otherName, At: time.Now(), Class: bench.RTPAudio}, nil
	case <-ctx.Done():
		return bench.Packet{}, ctx.Err()
	}
}

func (e *end) Facts() bench.Facts { return bench.Facts{Identity: e.name, Transport: bench.RTPAudio} }
func (e *end) Close() error       { return nil }

// soundAllocations counts what our own code allocates for an audio packet: the runner and the echo, without an SDK.
func soundAllocations(ctx context.Context) error {
	measure := func(count int) (mallocs, bytes float64, err error) {
		here, cancel := context.WithCancel(ctx)
		defer cancel()
		runner, answerer := newPipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			echo.Answer(here, answerer, bench.NewClock())
		}()
		plan := bench.Plan{Count: count, Timeout: 5 * time.Second, Warmup: 1, EchoTimeout: 10 * time.Second,
			ReconnectTimeout: 5 * time.Second, Class: bench.RTPAudio}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run, err := audio.Prober{Session: runner, Clock: bench.NewClock()}.Probe(here, plan, nil)
		runtime.ReadMemStats(&after)
		cancel()
		<-done
		if err == nil && run.Counts.Answered != count {
			err = fmt.Errorf("a pipe lost audio packets: %+v", run.Counts)
		}
		return float64(after.Mallocs - before.Mallocs), float64(after.TotalAlloc - before.TotalAlloc), err
	}
	const few, many = 1_000, 21_000
	if _, _, err := measure(few); err != nil { // what is made once in a process
		return err
	}
	a, aBytes, err := measure(few)
	if err != nil {
		return err
	}
	b, bBytes, err := measure(many)
	if err != nil {
		return err
	}
	row("  allocations a packet in our own code, runner and echo", fmt.Sprintf("%.3f, %.0f bytes", (b-a)/(many-few),
		(bBytes-aBytes)/(many-few)), "0, samples")
	return nil
}
