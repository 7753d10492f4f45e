package archive

import (
	"context"
	"errors"
	"slices"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/report"
	"rtcbench/internal/stats"
)

// Nothing says that a store has no run that the query asks for.
type Nothing struct {
	Store string
	Empty bool // the store has no run at all
}

func (e *Nothing) Error() string {
	if e.Empty {
		return e.Store + " is empty: no run was kept there yet"
	}
	return "no such run in " + e.Store
}

// History lists the last q.Limit runs that q asks for (0 = all), and sums up all runs that q asks for. q.Invalid
// applies to the sums alone. Without q.Since the time begins with the first run; without q.Until it ends now.
func History(ctx context.Context, s bench.Store, q bench.Query, now time.Time) (h report.History, err error) {
	h.Store = s.String()
	if q.Until.IsZero() {
		q.Until = lastEnd(ctx, s, q, now)
	}
	if sums, ok := s.(bench.Aggregator); ok {
		err = aggregated(ctx, s, sums, q, &h)
	} else {
		err = readOnce(ctx, s, q, &h)
	}
	return h, err
}

// HistoryBy is History by digests: from gives the digests that are summed up. s gives only the list of runs.
func HistoryBy(ctx context.Context, s bench.Store, from Digester, q bench.Query, now time.Time) (h report.History,
	err error) {
	h.Store = s.String()
	t, err := ReadTimelines(ctx, s, from, q, report.Parts, now)
	if err != nil {
		return h, err
	}
	q.Until, h.Since, h.Until = t.Until, t.Since, t.Until
	if err := listRuns(ctx, s, q, &h); err != nil {
		return h, err
	}
	for _, l := range t.List {
		c := bench.Course{Aggregate: l.Aggregate, P50: make([]bench.Quantity, report.Parts)}
		for i, p := range l.Parts {
			if p != nil {
				d, ok := p.Histogram.Quantile(0.5)
				c.P50[i] = bench.Quantity{D: d, OK: ok}
			}
		}
		h.Courses = append(h.Courses, c)
	}
	for _, err := range t.Bad {
		same := func(other error) bool { return other.Error() == err.Error() }
		if !slices.ContainsFunc(h.Bad, same) {
			h.Bad = append(h.Bad, err)
		}
	}
	return h, nil
}

// WhyNothing explains why History found nothing: the error is a *Nothing, or the error of reading s.
func WhyNothing(ctx context.Context, s bench.Store) error {
	for _, err := range s.Runs(ctx, bench.Query{Limit: 1}) {
		if err != nil {
			return err
		}
		return &Nothing{Store: s.String()}
	}
	return &Nothing{Store: s.String(), Empty: true}
}

// lastEnd is now, or a moment after the end of the last run that q asks for, if that is later. A clock may have been
// fast, and each listed run has to be in the sums.
func lastEnd(ctx context.Context, s bench.Store, q bench.Query, now time.Time) time.Time {
	q.Limit = 1
	for r, err := range s.Runs(ctx, q) {
		if err == nil && !r.End.Before(now) {
			return r.End.Add(time.Millisecond)
		}
	}
	return now
}

// aggregated has the store sum up. Only the runs of the list are read one by one.
func aggregated(ctx context.Context, s bench.Store, sums bench.Aggregator, q bench.Query, h *report.History) error {
	if err := listRuns(ctx, s, q, h); err != nil {
		return err
	}
	q.Limit = 0
	if q.Since.IsZero() {
		first, err := firstEnd(ctx, s, q)
		if err != nil {
			return err
		}
		q.Since = first
	}
	h.Since, h.Until = q.Since, q.Until
	list, err := sums.Aggregate(ctx, q)
	told := func(err error) bool { return errors.Is(err, bench.ErrIncomplete) }
	if told(err) && !slices.ContainsFunc(h.Bad, told) {
		h.Bad = append(h.Bad, &Unreadable{Err: err})
	} else if err != nil && !told(err) {
		return err
	}
	for _, a := range list {
		h.Courses = append(h.Courses, bench.Course{Aggregate: a, P50: make([]bench.Quantity, report.Parts)})
	}
	length := q.Until.Sub(q.Since) / report.Parts
	for i := range report.Parts {
		if length <= 0 {
			break
		}
		part := q
		part.Since, part.Until = q.Since.Add(time.Duration(i)*length), q.Since.Add(time.Duration(i+1)*length)
		list, err := sums.Aggregate(ctx, part)
		if err != nil && !told(err) {
			return err
		}
		for _, a := range list {
			setPart(h.Courses, a.Series, i, a.Histogram)
		}
	}
	return nil
}

// listRuns reads the runs that q asks for into h.Runs. Runs that cannot be read go to h.Bad.
func listRuns(ctx context.Context, s bench.Store, q bench.Query, h *report.History) error {
	for r, err := range s.Runs(ctx, q) {
		switch err = ofStoreOrNil(r, err); {
		case err == nil:
			h.Runs = append(h.Runs, bench.NewRecord(r))
		case isUnreadable(err):
			h.Bad = append(h.Bad, err)
		default:
			return err
		}
	}
	return nil
}

func setPart(list []bench.Course, series bench.Series, part int, h stats.Histogram) {
	at := slices.IndexFunc(list, func(c bench.Course) bool { return c.Series == series })
	if at >= 0 {
		d, ok := h.Quantile(0.5)
		list[at].P50[part] = bench.Quantity{D: d, OK: ok}
	}
}

func ofStoreOrNil(r bench.Run, err error) error {
	if err == nil {
		return nil
	}
	return ofStore(r, err)
}

// firstEnd is the end of the first run that q asks for; q.Until if there is none.
func firstEnd(ctx context.Context, s bench.Store, q bench.Query) (time.Time, error) {
	for r, err := range s.Runs(ctx, q) {
		if err != nil && !bench.ReadsOn(r, err) {
			return q.Until, err
		}
		if err == nil {
			return r.End, nil
		}
	}
	return q.Until, nil
}

// listed is a run of the list, or the reason why the run cannot be read.
type listed struct {
	record bench.Record
	err    error
}

// course is a bench.Course under construction.
type course struct {
	bench.Aggregate
	parts [report.Parts]stats.Histogram
}

// readOnce lists and sums up in one pass, so each run is read and judged once. Runs come in the order of their ends.
func readOnce(ctx context.Context, s bench.Store, q bench.Query, h *report.History) error {
	last := q.Limit
	q.Limit = 0
	h.Since, h.Until = q.Since, q.Until
	all := map[bench.Series]*course{}
	var list []listed
	for r, err := range s.Runs(ctx, q) {
		err = ofStoreOrNil(r, err)
		if err != nil && !isUnreadable(err) {
			return err
		}
		if last > 0 && len(list) == last {
			list = list[1:]
		}
		if err != nil {
			list = append(list, listed{err: err})
			continue
		}
		if h.Since.IsZero() {
			h.Since = r.End
		}
		record, key := bench.NewRecord(r), bench.SeriesOf(r)
		if all[key] == nil {
			all[key] = &course{Aggregate: bench.Aggregate{Series: key}}
		}
		all[key].Add(record, q)
		if length := h.Until.Sub(h.Since) / report.Parts; length > 0 && !q.LeavesOut(record) {
			// The store may have another end of a damaged run than the run itself.
			part := int(r.End.Sub(h.Since) / length)
			all[key].parts[max(0, min(part, report.Parts-1))].Merge(r.Histogram())
		}
		list = append(list, listed{record: record})
	}
	for _, x := range list {
		if x.err != nil {
			h.Bad = append(h.Bad, x.err)
		} else {
			h.Runs = append(h.Runs, x.record)
		}
	}
	if h.Since.IsZero() {
		h.Since = h.Until
	}
	for _, c := range all {
		h.Courses = append(h.Courses, c.course())
	}
	slices.SortFunc(h.Courses, func(a, b bench.Course) int { return a.Compare(b.Series) })
	return nil
}

func (c *course) course() bench.Course {
	list := []bench.Course{{Aggregate: c.Aggregate, P50: make([]bench.Quantity, report.Parts)}}
	for i, h := range c.parts {
		setPart(list, c.Series, i, h)
	}
	return list[0]
}
