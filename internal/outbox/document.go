package outbox

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// document is the content of a file of the outbox, as JSON; rtcbench import reads it, too. It has either Packed or Run.
type document struct {
	head
	Packed []byte          `json:"packed,omitempty"` // run that result.ReadPacked reads
	Run    json.RawMessage `json:"run,omitempty"`    // result.File, in version 1, or if the run cannot be packed

	path   string
	record func() bench.Record // the run
	packed bench.Packed        // the same run; without ID = not packed
	wrong  error               // why no store will ever take the run; nil = no reason
}

// encode is the content of the file. Run is long and already JSON, so it is copied and not encoded again.
func (d *document) encode() ([]byte, error) {
	head, err := json.Marshal(d.head)
	if err != nil {
		return nil, err
	}
	data := slices.Grow(bytes.TrimSuffix(head, []byte("}")), len(d.Run)+len(d.Packed)*4/3+len(`,"packed":""}`)+3)
	if d.Packed != nil {
		return append(base64.StdEncoding.AppendEncode(append(data, `,"packed":"`...), d.Packed), `"}`...), nil
	}
	return append(append(append(data, `,"run":`...), d.Run...), '}'), nil
}

// unpack decodes the run of a file that was read.
func (d *document) unpack() error {
	var run bench.Run
	switch {
	case d.Packed != nil:
		var p result.Packed
		p, run, d.wrong = result.ReadPacked(d.Packed)
		d.packed = p.Packed
		if errors.Is(d.wrong, result.ErrNewer) {
			return fmt.Errorf("%w: %w", d.wrong, errNewer)
		}
		if errors.Is(d.wrong, result.ErrDamaged) {
			return damaged(d.wrong)
		}
	case d.Run != nil:
		file, err := result.ReadFile(d.Run)
		if err != nil {
			return damaged(err)
		}
		if d.RunID == "" {
			d.RunID, d.Ended = file.Metadata.RunID, file.Metadata.EndTime
		}
		run, d.wrong = file.Run()
	default:
		return fmt.Errorf("%w: no run is in it", errDamaged)
	}
	d.record = sync.OnceValue(func() bench.Record { return bench.NewRecord(run) })
	return nil
}

// saveTo saves the run in s.
func (d *document) saveTo(ctx context.Context, s bench.Store) error {
	if saver, ok := s.(bench.PackedSaver); ok && d.packed.ID != "" {
		_, err := saver.SavePacked(ctx, []bench.Packed{d.packed})
		return err
	}
	return s.Save(ctx, d.record())
}

// filed is what the outbox keeps of a run, and the content of its file.
type filed struct {
	document
	data []byte
}
