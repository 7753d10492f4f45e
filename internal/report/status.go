package report

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/charmbracelet/lipgloss"

	"rtcbench/bench"
)

// Status is where runs are kept, and which runs wait for a store.
type Status struct {
	Stores            []string
	Outbox            string // path of the folder
	Waiting, Rejected Queue
}

// Queue is the content of one folder of the outbox.
type Queue struct {
	Runs   int
	Bytes  int64          // 0 = not known
	For    map[string]int // runs by store
	Oldest []Waiting      // the oldest runs, and other files in the folder
}

// Waiting is a run that a store does not have, with the error of the last try.
type Waiting struct {
	RunID, File, Store, Error string
	Ended                     float64 // Unix seconds
	Tries                     int
}

// shown is how many of the runs are in Oldest.
func (q Queue) shown() int {
	files := map[string]bool{}
	for _, e := range q.Oldest {
		files[e.File] = true
	}
	return len(files)
}

// WriteStatus writes s for a person.
func WriteStatus(w io.Writer, s Status) error {
	p := newPage(lipgloss.NewRenderer(w))
	p.line("%s", p.strong.Render("Stores"))
	for _, name := range s.Stores {
		p.line("  %s", Printable(name))
	}
	if len(s.Stores) == 0 {
		p.line("  none: runs are kept nowhere but in --output")
	}
	p.waiting("Waiting", "deliver with rtcbench store flush", s.Waiting, s.Stores)
	p.waiting("Refused for good", "offer again with rtcbench store flush --retry-rejected", s.Rejected, s.Stores)
	if len(s.Waiting.Oldest)+len(s.Rejected.Oldest) == 0 {
		p.line("\nNothing waits.")
	} else {
		p.line("\n%s", p.dim.Render("They lie in "+Printable(s.Outbox)+"."))
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *page) waiting(title, hint string, q Queue, on []string) {
	if len(q.Oldest) == 0 {
		return
	}
	p.head(title)
	if shown := q.shown(); q.Runs > shown {
		of := ""
		if q.Bytes > 0 {
			of = fmt.Sprintf(", %.1f MB", float64(q.Bytes)/1e6)
		}
		p.line("  %d runs%s, of which the %d oldest are listed:", q.Runs, of, shown)
		for _, store := range slices.Sorted(maps.Keys(q.For)) {
			p.line("  %d for %s", q.For[store], Printable(store))
		}
	}
	for _, e := range q.Oldest {
		if e.RunID == "" {
			p.line("  %s", p.warn.Render(Printable(filepath.Base(e.File)+": "+e.Error)))
			continue
		}
		ended := time.UnixMicro(int64(e.Ended * 1e6))
		p.line("  %s  ended %s UTC  for %s", e.RunID, minute(ended), Printable(e.Store))
		why := "not offered yet"
		if !slices.Contains(on, e.Store) {
			why = "not offered: this store is not on"
		}
		if e.Tries > 0 {
			off := ""
			if !slices.Contains(on, e.Store) {
				off = "; this store is not on now"
			}
			why = fmt.Sprintf("tried %s%s: %s", bench.Many(e.Tries, "time"), off, e.Error)
		}
		for _, line := range Wrap(Printable(why), width-4) {
			p.line("    %s", p.dim.Render(line))
		}
	}
	p.line("  %s", p.dim.Render("("+hint+")"))
}
