// Package witness writes down which pings a lab's echo received, and reads the numbers again.
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
	"rtcbench/internal/audio"
	"rtcbench/internal/ping"
)

// Log is a file of the numbers of pings; a nil *Log writes nothing.
type Log struct{ file *os.File }

// Create makes a Log at path; nil where path is "". The caller closes it.
func Create(path string) (*Log, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &Log{f}, nil
}

// Close ends the log.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	return l.file.Close()
}

// Beside is join with sessions that also write to the log.
func (l *Log) Beside(join func(context.Context) (bench.Session, error)) func(context.Context) (bench.Session, error) {
	if l == nil {
		return join
	}
	return func(ctx context.Context) (bench.Session, error) {
		s, err := join(ctx)
		if err != nil {
			return s, err
		}
		return session{Session: s, log: l.file}, nil
	}
}

// session is the seat of a lab's echo that writes down which pings it was given, beside what its pongs tell.
type session struct {
	bench.Session
	log *os.File
}

// Recv notes the ping's number, if it is a counted one.
func (w session) Recv(ctx context.Context) (bench.Packet, error) {
	p, err := w.Session.Recv(ctx)
	if err != nil {
		return p, err
	}
	if p.Class == bench.RTPAudio {
		for r, verdict := range audio.Records(p.Payload) {
			if verdict == audio.Ours && r.Type == audio.Ping && r.Seq != 0 {
				fmt.Fprintln(w.log, r.Seq)
			}
		}
	} else if heard, ok := ping.DecodePing(p.Payload); ok && heard.Number() != 0 {
		fmt.Fprintln(w.log, heard.Number())
	}
	return p, nil
}

// Read is the numbers in a Log; nil where there is none.
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
