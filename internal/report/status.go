package report

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/charmbracelet/lipgloss"
)

// Status is where runs are kept, and which ones are not there yet.
type Status struct {
	Stores            []string
	Outbox            string // folder
	Waiting, Rejected []Waiting
}

// Waiting is one run that one store does not have.
type Waiting struct {
	RunID, File, Store, Error string
	Ended                     float64 // Unix seconds
	Tries                     int
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
	if len(s.Waiting)+len(s.Rejected) == 0 {
		p.line("\nNothing waits.")
	} else {
		p.line("\n%s", p.dim.Render("They lie in "+Printable(s.Outbox)+"."))
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *page) waiting(title, hint string, list []Waiting, on []string) {
	if len(list) == 0 {
		return
	}
	p.head(title)
	for _, e := range list {
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
			why = fmt.Sprintf("tried %d time(s)%s: %s", e.Tries, off, e.Error)
		}
		for _, line := range Wrap(Printable(why), width-4) {
			p.line("    %s", p.dim.Render(line))
		}
	}
	p.line("  %s", p.dim.Render("("+hint+")"))
}
