package archive

import (
	"context"
	"fmt"
	"io"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// Exported is the result of an export.
type Exported struct {
	Runs   int
	Bad    []error // *Unreadable: runs that were left out
	Failed error   // why the export is not complete; nil = it is
}

// Export writes the runs that q asks for as lines of JSON. Each line is a result file with samples.
func Export(ctx context.Context, s bench.Store, q bench.Query, w io.Writer) (e Exported) {
	q.Samples = true
	files := func(yield func(result.File, error) bool) {
		for r, err := range s.Runs(ctx, q) {
			var f result.File
			if err == nil {
				f, err = result.New(bench.NewRecord(r))
			}
			if err != nil {
				err = ofStore(r, err)
			}
			if !yield(f, err) {
				return
			}
		}
	}
	for f, err := range bench.Leave(ctx, files) {
		if err != nil {
			if isUnreadable(err) {
				e.Bad = append(e.Bad, err)
			} else {
				e.Failed = err
			}
			continue
		}
		if err := f.WriteLine(ctx, w); err != nil {
			e.Failed = fmt.Errorf("write the runs: %w", err)
			break
		}
		e.Runs++
	}
	if ctx.Err() != nil {
		e.Failed = context.Cause(ctx)
	}
	return e
}
