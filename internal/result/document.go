package result

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"sync"

	"rtcbench/bench"
)

// Document is a run with its result file. The JSON of the file is made once, at the first use, and shared by the output
// file and exports. The packed run is made once, too, and shared by the outbox and the stores.
type Document struct {
	bench.Record
	line   func() ([]byte, error)
	packed func() (Packed, error)
}

// NewDocument is the document of r, which must not change any more.
func NewDocument(r bench.Record) *Document {
	return &Document{r, sync.OnceValues(func() ([]byte, error) { return oneLine(r) }),
		sync.OnceValues(func() (Packed, error) { return Pack(r) })}
}

// Packed is the run as stores keep it. The caller must not change it.
func (d *Document) Packed() (Packed, error) { return d.packed() }

// Line is the result file as one line of JSON, without a line break. The caller must not change it.
func (d *Document) Line() ([]byte, error) { return d.line() }

// Write writes the result file with indentation, as the function Write does.
func (d *Document) Write(w io.Writer) error {
	line, err := d.Line()
	if err != nil {
		return err
	}
	return WriteJSON(w, json.RawMessage(line))
}

func oneLine(r bench.Record) ([]byte, error) {
	f, err := New(r)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = f.WriteLine(context.Background(), &b)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
