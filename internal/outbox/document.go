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

// document is a whole file of the outbox, as JSON; rtcbench import reads it too. It has Packed or Run.
type document struct {
	head
	Packed []byte          `json:"packed,omitempty"` // a run, as result.ReadPacked reads it
	Run    json.RawMessage `json:"run,omitempty"`    // a result.File, of an older rtcbench, or of a run that no store can take

	path   string
	record func() bench.Record // what waits
	packed bench.Packed        // the same; without ID = it was not packed
	wrong  error               // why no store can take it, for ever
}

// encode is the file. Run is JSON already, and long: it is not looked through again.
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

// unpack looks at what was read of a file.
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

// saveTo saves what waits in s.
func (d *document) saveTo(ctx context.Context, s bench.Store) error {
	if saver, ok := s.(bench.PackedSaver); ok && d.packed.ID != "" {
		_, err := saver.SavePacked(ctx, []bench.Packed{d.packed})
		return err
	}
	return s.Save(ctx, d.record())
}
