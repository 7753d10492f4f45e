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
	Place string // place in the file: "line 12", "line 1, livekit"
	Note  string // what is missing in the file or was changed, for people; "" = nothing
}

// Decode reads the runs of a file. The file may be a result file, a result file of two platforms, or a file of the
// original tool. It may also have any number of these one after another: as lines of JSON, as an array, or in a log.
// The file may be compressed by gzip, and may be in UTF-16. An error names the line that is wrong, and reading goes on
// after it. A file without a run is an error.
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
	found int // values and errors so far
	prose int // lines so far that are not JSON

	brackets bool // there are brackets or commas between values

	within *feed // a broken value, the rest of which is skipped; nil = none
}

// toldProse is how many lines that are not JSON get an error each.
const toldProse = 10

// value reads the next value. It returns false at the end.
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
	text := bytes.TrimLeft(x.text, " \t\r\n[],\x1a\x1e\uFEFF") // also the end of a file of DOS
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

// noValue reports a line that is not JSON. In a log such lines are normal. In any other file only the first ones are
// reported.
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

// end reports what concerns the file as a whole.
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

// broken reports a value that is not valid JSON and began in line first. The lines after it are read again.
func (d *decoder) broken(f *feed, first int, err error) bool {
	d.found++
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	cutOff := fmt.Errorf("line %d: it ends in the middle of a value: it was cut off", first)
	switch {
	case f.err != nil && !errors.Is(f.err, io.EOF) || !ok: // reading the file failed
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

// runs yields the runs of one JSON value. text is the text of the value; it is needed if there are no details.
func (d *decoder) runs(v value, text []byte, place string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		switch {
		case v.Platform == "" && v.Packed != nil: // a file of the outbox
			_, run, err := ReadPacked(v.Packed)
			yield(Entry{Run: run, Place: place}, err)
		case v.Platform == "" && v.Run != nil: // a file of the outbox by an older version
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

// both yields the runs of a result file of two platforms.
func (d *decoder) both(daily, livekit []byte, place string, yield func(Entry, error) bool) {
	for _, side := range []struct {
		name string
		text []byte
	}{{"daily", daily}, {"livekit", livekit}} {
		if side.text == nil || string(side.text) == "null" { // the run on this platform failed
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
		err = cmp.Or(p.File.checkBefore(fastest), checkPongs(run))
	}
	return Entry{Run: run}, err
}
