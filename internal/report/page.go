package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/charmbracelet/lipgloss"
)

// page is a text for a terminal. Much of the text comes from elsewhere: locations, names of regions, texts of servers.
// String removes all control characters of such texts, and keeps only the page's own styles.
type page struct {
	text                        strings.Builder
	styles                      []lipgloss.Style
	strong, dim, bar, warn, bad ink
}

// ink is a style of a page. Text in this style stands between two marks until String replaces the marks.
type ink rune

const (
	inkOff ink = '\x0f'
	inkOn  ink = '\x10' // the first style; the others follow
)

// Render marks s as text in this style.
func (i ink) Render(s string) string {
	if s == "" {
		return ""
	}
	return string(i) + PrintableLines(s) + string(inkOff)
}

func newPage(r *lipgloss.Renderer) *page {
	p := &page{styles: []lipgloss.Style{
		r.NewStyle().Bold(true), r.NewStyle().Faint(true), r.NewStyle().Foreground(lipgloss.Color("6")),
		r.NewStyle().Foreground(lipgloss.Color("3")), r.NewStyle().Bold(true).Foreground(lipgloss.Color("1")),
	}}
	for i, of := range []*ink{&p.strong, &p.dim, &p.bar, &p.warn, &p.bad} {
		*of = inkOn + ink(i)
	}
	return p
}

// WriteString appends s to the page. It always returns a nil error.
func (p *page) WriteString(s string) (int, error) { return p.text.WriteString(s) }

// String is the page as it is sent to a terminal.
func (p *page) String() string {
	var out strings.Builder
	style, begun := -1, 0
	text := p.text.String()
	flush := func(to int) {
		for i, line := range strings.Split(text[begun:to], "\n") {
			if i > 0 {
				out.WriteByte('\n')
			}
			if line = Printable(line); style >= 0 && line != "" {
				line = p.styles[style].Render(line)
			}
			out.WriteString(line)
		}
		begun = to + 1
	}
	for at, r := range text {
		on := int(ink(r) - inkOn)
		if ink(r) == inkOff {
			flush(at)
			style = -1
		} else if on >= 0 && on < len(p.styles) {
			flush(at)
			style = on
		}
	}
	flush(len(text))
	return out.String()
}

// Printable is s without characters that control a terminal: some texts come from elsewhere.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, s)
}

// PrintableLines is Printable for a text of several lines.
func PrintableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Escaped is s with control characters written as in JSON, so that two different texts stay different.
func Escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, "\\U%08x", r)
		default:
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.String()
}

// Plain is a writer for people. It removes characters that control a terminal.
type Plain struct{ io.Writer }

func (w Plain) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, PrintableLines(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}
