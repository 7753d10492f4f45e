package dashboard

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/result"
)

// filling is a store of many series, each with a run in each period before noon.
type filling struct {
	series, runs int // runs of each series
	every        time.Duration
	pings        int       // of each run
	until        time.Time // when the last ones end; zero = noon
	mapped       bool      // their places are on the map
}

// kinds is how many runs of a series differ; the others are as they, at other times.
const kinds = 5

// into fills s. A run is packed once for each of its kinds, and then given other names and times: so a store of
// hundreds of thousands of runs is made in minutes. They have no samples, as runs whose samples a store keeps no more.
func (f filling) into(t testing.TB, s bench.PackedSaver) {
	t.Helper()
	const batch = 4000
	list := make([]bench.Packed, 0, batch)
	save := func(least int) {
		if len(list) < max(1, least) {
			return
		}
		if fresh, err := s.SavePacked(t.Context(), list); err != nil || fresh != len(list) {
			t.Fatal(fresh, len(list), err)
		}
		list = list[:0]
	}
	all := make([][kinds]template, f.series)
	for i := range all {
		for k := range kinds {
			var err error
			if all[i][k], err = f.template(i, k); err != nil {
				t.Fatal(err)
			}
		}
	}
	until := f.until
	if until.IsZero() {
		until = noon
	}
	for at := f.runs - 1; at >= 0; at-- {
		for i := range all {
			end := until.Add(-time.Duration(at)*f.every - time.Duration(1+i%997)*time.Millisecond)
			list = append(list, all[i][at%kinds].run(fmt.Sprintf("%08x-0000-7000-8000-%012x", at, i), end))
			save(batch)
		}
	}
	save(0)
}

// template is a run before it has a name and a time.
type template struct {
	packed bench.Packed
	pieces [3][]byte // of the document: before its start, up to its ID, and what follows
	length time.Duration
}

// template is run k of series i: the last kind is of an invalid run.
func (f filling) template(i, k int) (x template, err error) {
	r := benchtest.StoredRun(f.pings, noon)
	if r.Location = fmt.Sprintf("place-%05d", i); f.mapped {
		names := slices.Sorted(maps.Keys(regions()))
		r.Location = fmt.Sprintf("%s-%05d", names[i%len(names)], i)
	}
	r.Facts.Hidden = k == kinds-1
	for j := range r.Samples {
		if r.Samples[j].Outcome == bench.Answered {
			r.Samples[j].RTT = time.Duration(20+i%200+k+(j*j)%37) * time.Millisecond
		}
	}
	p, err := result.Pack(bench.NewRecord(r))
	if err != nil {
		return x, err
	}
	x.packed, x.length = p.Packed, p.End.Sub(r.Start)
	x.packed.Samples = nil
	var rest []byte
	ok := true
	cut := func(data []byte, at string) (before, after []byte) {
		before, after, found := bytes.Cut(data, []byte(at))
		ok = ok && found
		return append(before[:len(before):len(before)], at...), after
	}
	x.pieces[0], rest = cut(p.Document, `"start_time":`)
	_, rest = cut(rest, `,"end_time":`)
	_, rest = cut(rest, `,"duration_ms":`)
	x.pieces[1], rest = cut(rest, `"run_id":"`)
	x.pieces[1] = append([]byte(`,"duration_ms":`), x.pieces[1]...)
	x.pieces[2] = rest[len(r.ID):]
	if !ok {
		return x, fmt.Errorf("the document is otherwise: %.400s", p.Document)
	}
	return x, nil
}

func (x template) run(id string, end time.Time) bench.Packed {
	p := x.packed
	p.ID, p.End = id, end
	start := end.Add(-x.length)
	b := make([]byte, 0, len(p.Document)+16)
	b = append(b, x.pieces[0]...)
	b = strconv.AppendFloat(b, float64(start.UnixMicro())/1e6, 'f', 6, 64)
	b = append(b, `,"end_time":`...)
	b = strconv.AppendFloat(b, float64(end.UnixMicro())/1e6, 'f', 6, 64)
	b = append(append(append(b, x.pieces[1]...), id...), x.pieces[2]...)
	p.Document = b
	return p
}
