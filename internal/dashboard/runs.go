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

// runs are the runs that are asked for, the newest first, as many as are wanted and where the list goes on.
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

// mark is a place in the list of runs: the end of the last one that was given, and how many with that end were.
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

// endOf is when a store says that r ended: at a whole microsecond, and not before it did.
func endOf(r bench.Run) int64 { return r.End.Add(time.Microsecond - 1).UnixMicro() }

func (m mark) key() string { return fmt.Sprintf("%d.%d", m.end, m.given) }

// before is q of the last runs from m on backwards, so many beside those that were given already.
func (m mark) before(q bench.Query, n int) bench.Query {
	q.Limit = n + m.given
	if until := time.UnixMicro(m.end + 1); m.end != 0 && (q.Until.IsZero() || until.Before(q.Until)) {
		q.Until = until
	}
	return q
}

// page is n runs backwards from m. read gives the last ones, in the order of their ends, so many beside those that m
// names. More are read where some of them cannot be.
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

// after is the place behind list, which begins at m.
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

// fromLast is list, the last one first.
func fromLast(list []bench.Record) []bench.Record {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// seriesKey is what tells a series from the others, in their order.
func seriesKey(s bench.Series) string {
	return keyed(s.Platform, s.Location, s.Echo, s.Engine, string(s.Transport), string(s.Path))
}

// byName are the places of a hub by their names, for a list of which a part is asked for.
func byName(list []FleetSeat) []FleetSeat {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b FleetSeat) int { return strings.Compare(a.Name, b.Name) })
	return list
}
