package dashboard

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/archive"
	"rtcbench/internal/report"
	"rtcbench/internal/selection"
	"rtcbench/internal/settings"
)

const (
	defaultParts = 48
	mostParts    = 500
	defaultLast  = 200
	mostLast     = 10_000
)

// filters reads the parameters that choose runs. They are the filter flags of rtcbench history.
func (s *Server) filters(r *http.Request) (q bench.Query, err error) {
	v := r.URL.Query()
	for key, values := range v {
		if len(values) > 1 {
			return q, fmt.Errorf("%s stands there twice", quoted(key))
		}
	}
	c := settings.Check{Sources: settings.New(nil, "")}
	q = selection.Texts{
		Platform: v.Get("platform"), Location: v.Get("location"), Engine: v.Get("engine"),
		Transport: v.Get("transport"), Path: v.Get("path"), EchoPlace: v.Get("echo_place"),
		Since: v.Get("since"), Until: v.Get("until"),
	}.Query(&c, s.Now())
	if c.Err != nil {
		return q, errors.New(strings.ReplaceAll(c.Err.Error(), "--", "")) // the error names flags
	}
	q.Invalid = v.Get("include_invalid") == "true"
	return q, nil
}

// number reads a parameter that is a whole number from low to high. A missing parameter gives def.
func number(r *http.Request, name string, def, low, high int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%s=%s is not a whole number from %d to %d", name, quoted(text), low, high)
	}
	return n, nil
}

// quoted is text of a request, short, printable and in quotes, so that an answer may repeat the text.
func quoted(text string) string { return strconv.Quote(report.Printable(text[:min(len(text), 80)])) }

// written answers with the bytes that write writes. kind is their content type. An error of write is answered instead.
func (s *Server) written(w http.ResponseWriter, r *http.Request, kind string, write func(io.Writer) error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		s.failed(w, r, err)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Write(b.Bytes())
}

func (s *Server) json(w http.ResponseWriter, r *http.Request, v any) {
	s.written(w, r, "application/json", func(to io.Writer) error { return json.NewEncoder(to).Encode(v) })
}

// history answers with what rtcbench history --format json or csv prints.
func (s *Server) history(w http.ResponseWriter, r *http.Request, from reader) {
	q, err := s.filters(r)
	if err == nil {
		q.Limit, err = number(r, "last", defaultLast, 1, mostLast)
	}
	isCSV, wrong := wantsCSV(r)
	if err == nil {
		err = wrong
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	h, err := from.history(r.Context(), q, s.Now())
	if err == nil && len(h.Runs) == q.Limit {
		next := cursorOf(mark{}.after(fromLast(h.Runs)).key())
		rest := r.Clone(r.Context())
		rest.URL.RawQuery = only(r.URL.Query(), "/api/v1/runs")
		linked(w, rest, "/api/v1/runs", &next)
	}
	switch {
	case err != nil:
		s.failed(w, r, err)
	case isCSV:
		s.written(w, r, "text/csv; charset=utf-8", func(to io.Writer) error { return report.WriteHistoryCSV(to, h) })
	default:
		s.written(w, r, "application/json", func(to io.Writer) error { return report.WriteHistoryJSON(to, h) })
	}
}

// series answers with each series of a time span, and with the sums of equal parts of the span.
func (s *Server) series(w http.ResponseWriter, r *http.Request, from reader) {
	parts, err := number(r, "parts", defaultParts, 1, mostParts)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	t, next, isCSV, ok := s.timelines(w, r, from, parts, func(bench.Series) bool { return true })
	if !ok {
		return
	}
	linked(w, r, "/api/v1/series", next)
	brief := r.URL.Query().Get("brief") == "true"
	list := newSeries(from.store.String(), t, brief, s.where())
	if list.Next = next; isCSV {
		table(s, w, r, list.rows(brief))
		return
	}
	s.json(w, r, list)
}

// timelines reads the timelines that r asks for, of the series for which wanted is true. next is where their list goes
// on. If ok is false, r has been answered with an error.
func (s *Server) timelines(w http.ResponseWriter, r *http.Request, from reader, parts int,
	wanted func(bench.Series) bool) (t archive.Timelines, next *string, isCSV, ok bool) {
	q, err := s.filters(r)
	var p paging
	if err == nil {
		p, err = pagingOf(r)
	}
	if err == nil {
		isCSV, err = wantsCSV(r)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return t, nil, false, false
	}
	if t, err = s.timelinesOf(r.Context(), from, q, parts); err != nil {
		s.failed(w, r, err)
		return t, nil, false, false
	}
	t.List = slices.DeleteFunc(t.List, func(l archive.Timeline) bool { return !wanted(l.Series) })
	t.List, next = part(p, t.List, func(l archive.Timeline) string { return seriesKey(l.Series) })
	return t, next, isCSV, true
}

// run answers with the result file of one run and the data of its pictures. As CSV, the answer is the pings of the run.
func (s *Server) run(w http.ResponseWriter, r *http.Request, from reader) {
	isCSV, err := wantsCSV(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	run, err := archive.Find(r.Context(), from.store, r.PathValue("id"))
	var several *archive.NotOne
	switch {
	case errors.Is(err, archive.ErrTooShort), errors.As(err, &several):
		refuse(w, http.StatusNotFound, err.Error())
		return
	case err != nil:
		s.failed(w, r, err)
		return
	}
	if isCSV {
		table(s, w, r, pingRows(bench.NewRecord(run)))
		return
	}
	v, err := NewRun(bench.NewRecord(run))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.json(w, r, v)
}

// compare compares two sides: first all of their runs, then place by place.
func (s *Server) compare(w http.ResponseWriter, r *http.Request, from reader) {
	p, err := pagingOf(r)
	isCSV, wrong := wantsCSV(r)
	if err = cmp.Or(err, wrong); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	var sides [2]archive.Side
	for i, key := range []string{"a", "b"} {
		text := r.URL.Query().Get(key)
		f, err := selection.ParseFilter(text, s.Now())
		if err != nil {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("%s=%s: %s", key, quoted(text), err.Error()))
			return
		}
		sides[i] = archive.Side{Name: text, Filter: f} // never a file: a visitor may not read files of this machine
	}
	by := archive.Reader{Store: func() (bench.Store, error) { return from.store, nil }, Say: func(error) {}}
	invalid := r.URL.Query().Get("include_invalid") == "true"
	var groups [2]report.Group
	for i, side := range sides {
		var err error
		groups[i], err = side.Group(r.Context(), by, invalid)
		var all *archive.AllInvalid
		var several *archive.NotOne
		switch {
		case errors.Is(err, archive.ErrNoRun), errors.As(err, &all), errors.As(err, &several),
			errors.Is(err, archive.ErrTooShort):
			refuse(w, http.StatusNotFound, fmt.Sprintf("%s: %s", quoted(side.Name), err.Error()))
			return
		case err != nil:
			s.failed(w, r, err)
			return
		}
	}
	c := newComparison(groups[0], groups[1], report.Against{Invalid: invalid})
	c.Places, c.Next = part(p, c.Places, func(at AtPlace) string { return keyed(at.Location, at.Echo) })
	linked(w, r, "/api/v1/compare", c.Next)
	if isCSV {
		table(s, w, r, c.rows())
		return
	}
	s.json(w, r, c)
}
