package archive

import (
	"context"
	"fmt"
	"io"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// Exported says what an export wrote.
type Exported struct {
	Runs   int
	Bad    []error // *Unreadable: what was left out
	Failed error   // why it is not all that the store has
}

// Export writes the runs that q asks for, with their samples, as lines of JSON: each is a result file.
func Export(ctx context.Context, s bench.Store, q bench.Query, w io.Writer) (e Exported) {
	q.Samples = true
	lines := func(yield func([]byte, error) bool) {
		for r, err := range s.Runs(ctx, q) {
			var line []byte
			if err == nil {
				line, err = result.NewDocument(bench.NewRecord(r)).Line()
			}
			if err != nil {
				err = ofStore(r, err)
			}
			if !yield(line, err) {
				return
			}
		}
	}
	for line, err := range bench.Leave(ctx, lines) {
		if err != nil {
			if isUnreadable(err) {
				e.Bad = append(e.Bad, err)
			} else {
				e.Failed = err
			}
			continue
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			e.Failed = fmt.Errorf("write the runs: %w", err)
			return e
		}
		e.Runs++
	}
	if e.Failed == nil && ctx.Err() != nil {
		e.Failed = context.Cause(ctx)
	}
	return e
}
