package dashboard

import (
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/report"
)

// runs answers with a page of the list of runs, the newest first, and with the cursor of the next page.
func (s *Server) runs(w http.ResponseWriter, r *http.Request, from reader) {
	q, err := s.filters(r)
	var p paging
	if err == nil {
		p, err = pagingOf(r)
	}
	isCSV, wrong := wantsCSV(r)
	if err == nil {
		err = wrong
	}
	var begin mark
	if err == nil {
		begin, err = markOf(p.after)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if p.limit == 0 {
		p.limit = defaultLast
	}
	list, next, bad, err := page(func(limit int) iter.Seq2[bench.Run, error] {
		return from.store.Runs(r.Context(), begin.before(q, limit))
	}, begin, p.limit)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	linked(w, r, "/api/v1/runs", next)
	s.written(w, r, map[bool]string{false: "application/json", true: "text/csv; charset=utf-8"}[isCSV],
		func(to io.Writer) error {
			if isCSV {
				return report.WriteHistoryCSV(to, report.History{Runs: list})
			}
			return report.WriteRunsJSON(to, list, bad, next)
		})
}

// mark is a place in the list of runs: the end of the last run that was given, and how many runs with this end were
// given.
type mark struct {
	end   int64 // Unix µs; 0 = the list begins
	given int
}

func markOf(key string) (m mark, err error) {
	if key == "" {
		return m, nil
	}
	if n, err := fmt.Sscanf(key, "%d.%d", &m.end, &m.given); n != 2 || err != nil || m.given < 1 || m.key() != key {
		return m, badCursor(cursorOf(key))
	}
	return m, nil
}

// endOf is the end that a store keeps of r: rounded up to a whole microsecond, in Unix µs.
func endOf(r bench.Run) int64 { return r.End.Add(time.Microsecond - 1).UnixMicro() }

func (m mark) key() string { return fmt.Sprintf("%d.%d", m.end, m.given) }

// before is q of the last n runs from m backwards, and of the m.given runs that were given already.
func (m mark) before(q bench.Query, n int) bench.Query {
	q.Limit = n + m.given
	if until := time.UnixMicro(m.end + 1); m.end != 0 && (q.Until.IsZero() || until.Before(q.Until)) {
		q.Until = until
	}
	return q
}

// page is the last n runs before m. read gives the last limit runs, in the order of their ends, besides the runs that m
// counts as given. If runs cannot be read, page reads more.
func page(read func(limit int) iter.Seq2[bench.Run, error], m mark, n int) (list []bench.Record, next *string,
	bad []error, err error) {
	var all []bench.Run
	for limit := n + 1; ; limit *= 2 {
		all, bad = nil, nil
		for run, err := range read(limit) {
			switch {
			case err == nil:
				all = append(all, run)
			case bench.ReadsOn(run, err):
				bad = append(bad, err)
			default:
				return nil, nil, nil, err
			}
		}
		rows := len(all) + len(bad)
		slices.Reverse(all)
		for i := 0; i < m.given && len(all) > 0 && endOf(all[0]) == m.end; i++ {
			all = all[1:]
		}
		if len(all) > n || rows < limit+m.given {
			break
		}
	}
	for _, run := range all[:min(n, len(all))] {
		list = append(list, bench.NewRecord(run))
	}
	if len(all) <= n {
		return list, nil, bad, nil
	}
	cursor := cursorOf(m.after(list).key())
	return list, &cursor, bad, nil
}

// after is the place behind list. list begins at m.
func (m mark) after(list []bench.Record) mark {
	to := mark{end: endOf(list[len(list)-1].Run)}
	for _, r := range list {
		if endOf(r.Run) == to.end {
			to.given++
		}
	}
	if to.end == m.end {
		to.given += m.given
	}
	return to
}

// fromLast is list in reverse: the last run first.
func fromLast(list []bench.Record) []bench.Record {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// seriesKey is the key of a series. Its parts are in the order of the list.
func seriesKey(s bench.Series) string {
	return keyed(s.Platform, s.Location, s.Echo, s.Engine, string(s.Transport), string(s.Path))
}

// byName is list sorted by name, as paging needs it.
func byName(list []FleetSeat) []FleetSeat {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b FleetSeat) int { return strings.Compare(a.Name, b.Name) })
	return list
}
