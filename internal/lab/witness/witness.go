// Package witness writes down which pings a lab's echo was given, and reads that again.
package witness

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"rtcbench/bench"
	"rtcbench/internal/ping"
)

// Session is the seat of a lab's echo that writes down which pings it was given, beside what its pongs tell.
type Session struct {
	bench.Session
	Log *os.File
}

// Recv notes the ping's number, if it is a counted one.
func (w Session) Recv(ctx context.Context) (bench.Packet, error) {
	p, err := w.Session.Recv(ctx)
	if heard, ok := ping.DecodePing(p.Payload); err == nil && ok && heard.Number() != 0 {
		fmt.Fprintln(w.Log, heard.Number())
	}
	return p, err
}

// Read is the numbers in a log of Session; nil where there is none.
func Read(path string) (map[uint32]bool, error) {
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
