package result

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"rtcbench/bench"
)

// Entry is one run of a file.
type Entry struct {
	Run   bench.Run
	Place string // where in the file: "line 12", "line 1, livekit"
	Note  string // what the file could not tell, for the reader; "" = nothing
}

// Decode reads runs: one result file, the file of both, one of the original tool, or any number of them after one another, as
// lines of JSON, as an array, or in a log; packed by gzip, or in UTF-16. What is wrong is an error that says in which line,
// and what follows is read. A file in which there is no run is an error.
func Decode(r io.Reader) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		text, utf16, err := textOf(r)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		d := decoder{lines: lines{r: text}, utf16: utf16, yield: yield, now: time.Now()}
		for d.value() {
		}
	}
}

// decoder reads a file value by value.
type decoder struct {
	lines lines
	utf16 bool
	yield func(Entry, error) bool
	now   time.Time
	found int // values, and errors
	prose int // lines that are no JSON
}

// toldProse is how many lines are named one by one that are no JSON.
const toldProse = 10

// value reads the next value. It reports whether to go on.
func (d *decoder) value() bool {
	x, err := d.lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return d.end()
	case err != nil:
		d.yield(Entry{}, err)
		return false
	}
	text := bytes.TrimLeft(x.text, " \t\r\n[],\x1e\uFEFF") // an array is the values in it
	if len(text) == 0 {
		return true
	}
	indent := x.text[:min(len(x.text)-len(bytes.TrimLeft(x.text, " \t")), len(x.text)-len(text))]
	if text[0] != '{' {
		at := bytes.Index(text, []byte(`{"`))
		if at < 0 || !json.Valid(text[at:]) {
			return d.noValue(x)
		}
		text, d.lines.log = text[at:], true
	}
	f := &feed{lines: &d.lines, indent: indent}
	f.take(line{x.n, text})
	dec := json.NewDecoder(f)
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return d.broken(f, x.n, dec.InputOffset(), err)
	}
	if rest := f.now.text[len(f.now.text)-int(f.fed-dec.InputOffset()):]; len(bytes.TrimSpace(rest)) > 0 {
		d.lines.again = append(d.lines.again, line{f.now.n, rest})
	}
	d.found++
	place := fmt.Sprintf("line %d", x.n)
	for e, err := range d.runs(raw, place) {
		if err != nil {
			err = fmt.Errorf("%s: %w", place, err)
		}
		if !d.yield(e, err) {
			return false
		}
	}
	return true
}

// noValue tells of a line that is no JSON. A log has such lines; of a file that is none at all a few are enough.
func (d *decoder) noValue(x line) bool {
	n, text := x.n, bytes.TrimSpace(x.text)
	if d.prose++; d.lines.log && bytes.IndexByte(text, 0) < 0 || d.prose > toldProse {
		return true
	}
	d.found++
	if bytes.IndexByte(text, 0) >= 0 {
		return d.yield(Entry{}, fmt.Errorf("line %d: there are zero bytes in it: it is no text, or the machine went down while it was written", n))
	}
	return d.yield(Entry{}, fmt.Errorf("line %d: %.40q is no result", n, text))
}

// end tells what is to be told of the file as a whole.
func (d *decoder) end() bool {
	switch {
	case !d.lines.log && d.prose > toldProse:
		d.yield(Entry{}, fmt.Errorf("%d more lines are no results", d.prose-toldProse))
	case d.found == 0 && d.prose > 0:
		d.yield(Entry{}, fmt.Errorf("none of its %d lines is a result", d.prose))
	case d.found == 0:
		d.yield(Entry{}, errEmpty)
	}
	return false
}

// broken tells what is wrong with a value that began in line first, and lets what follows it be read.
func (d *decoder) broken(f *feed, first int, offset int64, err error) bool {
	d.found++
	var syntax *json.SyntaxError
	switch cutOff := fmt.Errorf("line %d: it ends in the middle of a value: it was cut off", first); {
	case errors.Is(err, io.ErrUnexpectedEOF) && errors.Is(f.err, io.EOF):
		if f.now.n == first {
			err = cutOff
		} else {
			err = fmt.Errorf("line %d: the file ends in the middle of a value: it was cut off", first)
		}
	case errors.As(err, &syntax):
		at := min(max(0, int(max(offset, syntax.Offset)-1-(f.fed-int64(len(f.now.text))))), len(f.now.text))
		if f.now.n > first && f.beginsIn(f.now.text) || f.now.n == first && len(bytes.TrimSpace(f.now.text[at:])) == 0 {
			err = cutOff
			break
		}
		err = fmt.Errorf("line %d: %s%w", f.now.n, lastKey(f.now.text[:at]), err)
		if rest := f.now.text[at:]; bytes.HasPrefix(rest, []byte("NaN")) || bytes.HasPrefix(rest, []byte("Infinity")) || bytes.HasPrefix(rest, []byte("-I")) {
			err = fmt.Errorf("%w: NaN and Infinity are no numbers of JSON", err)
		}
	default: // the file cannot be read on
		d.yield(Entry{}, fmt.Errorf("line %d: %w", f.now.n, err))
		return false
	}
	for i := len(f.begins) - 1; i >= 0; i-- {
		d.lines.again = append(d.lines.again, f.begins[i])
	}
	return d.yield(Entry{}, err)
}

// runs gives what one JSON value holds.
func (d *decoder) runs(raw json.RawMessage, place string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := CheckText(raw); err != nil {
			yield(Entry{Place: place}, err)
			return
		}
		if d.utf16 && bytes.ContainsRune(raw, '\uFFFD') {
			yield(Entry{Place: place}, errors.New("there is something in it that is no character of UTF-16"))
			return
		}
		var both struct {
			Platform       *string
			Daily, Livekit json.RawMessage
			Run            json.RawMessage // an entry of the outbox
		}
		if err := json.Unmarshal(raw, &both); err != nil {
			yield(Entry{Place: place}, explain(err))
			return
		}
		if both.Platform == nil && both.Run != nil {
			raw = both.Run
		} else if both.Platform == nil && (both.Daily != nil || both.Livekit != nil) {
			d.both(both.Daily, both.Livekit, place, yield)
			return
		}
		e, err := d.one(raw)
		e.Place = place
		yield(e, err)
	}
}

// both gives the runs of a file of both.
func (d *decoder) both(daily, livekit json.RawMessage, place string, yield func(Entry, error) bool) {
	for _, side := range []struct {
		name string
		raw  json.RawMessage
	}{{"daily", daily}, {"livekit", livekit}} {
		if side.raw == nil || string(side.raw) == "null" { // it failed then
			continue
		}
		e, err := d.one(side.raw)
		e.Place = place + ", " + side.name
		if err != nil {
			err = fmt.Errorf("%s: %w", side.name, err)
		}
		if !yield(e, err) {
			return
		}
	}
}

func (d *decoder) one(raw json.RawMessage) (Entry, error) {
	var f struct {
		File
		Details *Details `json:"details"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return Entry{}, explain(err)
	}
	if f.Details == nil {
		return original(f.File, raw, d.now)
	}
	f.File.Details = *f.Details
	run, err := f.File.Run()
	if err == nil {
		err = f.File.checkBefore(fastest)
	}
	return Entry{Run: run}, err
}

// explain says a JSON error in the words of the file.
func explain(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		return fmt.Errorf("%s: this cannot stand there: %s", cmp.Or(strings.TrimPrefix(t.Field, "File."), "the value"), t.Value)
	}
	return err
}
