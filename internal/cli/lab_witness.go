package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"rtcbench/bench"
	"rtcbench/internal/lab"
	"rtcbench/internal/ping"
)

// newClock is this process's clock; in a lab that of the lab, by which the router writes down what it does.
func newClock() bench.Clock {
	clock := bench.NewClock()
	if of, err := lab.ClockOf(os.Getenv(labClock)); err == nil {
		clock = of
	}
	return clock.Claiming(bench.KernelClockError)
}

// labClock is the variable that names a lab's clock to its processes.
const labClock = "RTCBENCH_LAB_ANCHOR"

// witnessed is the seat of a lab's echo that writes down which pings it was given, beside what its pongs tell.
type witnessed struct {
	bench.Session
	log *os.File
}

// Recv notes the ping's number, if it is a counted one.
func (w witnessed) Recv(ctx context.Context) (bench.Packet, error) {
	p, err := w.Session.Recv(ctx)
	if heard, ok := ping.DecodePing(p.Payload); err == nil && ok && heard.Number() != 0 {
		fmt.Fprintln(w.log, heard.Number())
	}
	return p, err
}

// openPingLog is nil, whose Close does nothing that matters, where there is nothing to write to.
func openPingLog(path string) (*os.File, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("--log-pings: %w", err)
	}
	return f, nil
}

// readPingLog is the numbers in such a file; nil where there is none.
func readPingLog(path string) (map[uint32]bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	heard := map[uint32]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		n, err := strconv.ParseUint(lines.Text(), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("the log of the lab's echo: %w", err)
		}
		heard[uint32(n)] = true
	}
	return heard, lines.Err()
}
