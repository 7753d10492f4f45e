package result

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"rtcbench/bench"
)

// Entry is one run of a file.
type Entry struct {
	Run   bench.Run
	Place string // where in the file: "line 12", "line 1, livekit"
	Note  string // what the file could not tell, for the reader; "" = nothing
}

// Decode reads runs: one result file, the file of both, one of the original tool, or any number of them after one
// another, as lines of JSON, as an array, or in a log; packed by gzip, or in UTF-16. What is wrong is an error that
// says in which line, and what follows is read. A file in which there is no run is an error.
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

	brackets bool // some stand where no value is

	within *feed // a value that is broken, the rest of which comes next; nil = none
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
	if d.within != nil && !d.within.beginsIn(x.text) {
		return true
	}
	d.within = nil
	text := bytes.TrimLeft(x.text, " \t\r\n[],\x1e\uFEFF") // an array is the values in it
	if len(text) == 0 {
		d.brackets = d.brackets || bytes.ContainsAny(x.text, "[],")
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
	f := &feed{lines: &d.lines, indent: indent, utf16: d.utf16}
	f.take(line{x.n, text})
	var v value
	end, wrong, err := v.read(f)
	if err != nil {
		return d.broken(f, x.n, err)
	}
	d.lines.putBack(f.after(end))
	d.found++
	place := fmt.Sprintf("line %d", x.n)
	if err := cmp.Or(f.wrong, wrong); err != nil {
		return d.yield(Entry{Place: place}, fmt.Errorf("%s: %w", place, err))
	}
	for e, err := range d.runs(v, f.whole(end), place) {
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
		return d.yield(Entry{}, fmt.Errorf("line %d: there are zero bytes in it: it is no text, or the machine went "+
			"down while it was written", n))
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
	case d.found == 0 && d.brackets:
		d.yield(Entry{}, errBrackets)
	case d.found == 0:
		d.yield(Entry{}, errEmpty)
	}
	return false
}

// broken tells what is wrong with a value that began in line first, and lets what follows it be read.
func (d *decoder) broken(f *feed, first int, err error) bool {
	d.found++
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	cutOff := fmt.Errorf("line %d: it ends in the middle of a value: it was cut off", first)
	switch {
	case f.err != nil && !errors.Is(f.err, io.EOF) || !ok: // the file cannot be read on
		d.yield(Entry{}, fmt.Errorf("line %d: %w", f.now.n, cmp.Or(f.err, err)))
		return false
	case errors.Is(err, io.ErrUnexpectedEOF) && f.now.n == first:
		err = cutOff
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("line %d: the file ends in the middle of a value: it was cut off", first)
	default:
		at, rest := f.place(syntax.ByteOffset)
		if at > first && f.beginsIn(f.now.text) || at == first && len(bytes.TrimSpace(rest)) == 0 {
			err = cutOff
			break
		}
		where := lastKey(bytes.TrimSuffix(f.now.text, rest))
		if syntax.JSONPointer != "" {
			where = key(syntax.JSONPointer, "") + ": "
		}
		err = fmt.Errorf("line %d: %s%w", at, where, syntax.Err)
		for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
			if bytes.HasPrefix(rest, []byte(word)) {
				err = fmt.Errorf("%w: NaN and Infinity are no numbers of JSON", err)
			}
		}
	}
	if rest := f.wholeBehind(); f.now.n == first && rest != nil {
		err = fmt.Errorf("line %d: a value in it has no end, and another begins in the middle of that: it was cut off",
			first)
		d.lines.putBack([]line{{first, rest}})
		return d.yield(Entry{}, err)
	}
	d.lines.putBack(f.begins)
	if len(f.begins) == 0 {
		d.within = f
	}
	return d.yield(Entry{}, err)
}

// runs gives what one JSON value holds. text is the value's, where it has no details.
func (d *decoder) runs(v value, text []byte, place string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		switch {
		case v.Platform == "" && v.Packed != nil: // an entry of the outbox
			_, run, err := ReadPacked(v.Packed)
			yield(Entry{Run: run, Place: place}, err)
		case v.Platform == "" && v.Run != nil: // one of an older rtcbench
			e, err := d.side(v.Run)
			e.Place = place
			yield(e, err)
		case v.Platform == "" && (v.Daily != nil || v.Livekit != nil):
			d.both(v.Daily, v.Livekit, place, yield)
		default:
			e, err := d.one(v.part, text)
			e.Place = place
			yield(e, err)
		}
	}
}

// both gives the runs of a file of both.
func (d *decoder) both(daily, livekit []byte, place string, yield func(Entry, error) bool) {
	for _, side := range []struct {
		name string
		text []byte
	}{{"daily", daily}, {"livekit", livekit}} {
		if side.text == nil || string(side.text) == "null" { // that side failed
			continue
		}
		e, err := d.side(side.text)
		e.Place = place + ", " + side.name
		if err != nil {
			err = fmt.Errorf("%s: %w", side.name, err)
		}
		if !yield(e, err) {
			return
		}
	}
}

func (d *decoder) side(text []byte) (Entry, error) {
	var p part
	if err := unmarshal(text, &p); err != nil {
		return Entry{}, err
	}
	return d.one(p, text)
}

func (d *decoder) one(p part, text []byte) (Entry, error) {
	if p.Details.Details == nil {
		return original(p.File, text, d.now)
	}
	p.File.Details = *p.Details.Details
	run, err := p.File.Run()
	if err == nil {
		err = p.File.checkBefore(fastest)
	}
	return Entry{Run: run}, err
}
