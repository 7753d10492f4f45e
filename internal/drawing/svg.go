package drawing

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// fontFamily begins with the font that PNGs are written in: others of it are about as wide.
const fontFamily = "Go, Helvetica, Arial, sans-serif"

// WriteSVG writes s as SVG, which needs nothing else.
func (s *Sheet) WriteSVG(w io.Writer) error {
	var b bytes.Buffer
	width, height := coordinate(s.Width), coordinate(s.Height)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" role="img" `+
		`font-family="%s">`+"\n", width, height, width, height, fontFamily)
	fmt.Fprintf(&b, "<title>%s</title>\n", escaped(s.Title))
	fmt.Fprintf(&b, `<rect width="%s" height="%s" fill="#ffffff"/>`+"\n", width, height)
	for _, x := range s.shapes {
		x.writeSVG(&b)
	}
	b.WriteString("</svg>\n")
	_, err := b.WriteTo(w)
	return err
}

func (x shape) writeSVG(b *bytes.Buffer) {
	if x.text != "" {
		x.writeText(b)
		return
	}
	at := &strings.Builder{}
	for i, p := range x.points {
		step := "L"
		if i == 0 || x.radius > 0 {
			step = "M"
		}
		fmt.Fprintf(at, "%s%s %s", step, coordinate(p.X), coordinate(p.Y))
		if x.radius > 0 {
			at.WriteString("h0") // a line without length has round ends
		}
	}
	if x.closed {
		at.WriteString("Z")
	}
	fmt.Fprintf(b, `<path d="%s"%s`, at, x.paint())
	if x.style.Title == "" {
		b.WriteString("/>\n")
		return
	}
	fmt.Fprintf(b, "><title>%s</title></path>\n", escaped(x.style.Title))
}

// paint are the attributes of x's style.
func (x shape) paint() string {
	of, b := x.style, &strings.Builder{}
	attribute := func(name, value string) { fmt.Fprintf(b, ` %s="%s"`, name, value) }
	if of.Class != "" {
		attribute("class", of.Class)
	}
	switch {
	case x.radius > 0:
		attribute("fill", "none")
		attribute("stroke", of.Fill)
		attribute("stroke-width", coordinate(2*x.radius))
		attribute("stroke-linecap", "round")
	default:
		attribute("fill", cmp.Or(of.Fill, "none"))
		if of.Stroke != "" {
			attribute("stroke", of.Stroke)
			attribute("stroke-width", coordinate(cmp.Or(of.Width, 1)))
			attribute("stroke-linejoin", "round")
		}
	}
	if of.Dash > 0 {
		attribute("stroke-dasharray", coordinate(of.Dash))
	}
	if of.Opacity > 0 {
		attribute("opacity", coordinate(of.Opacity))
	}
	return b.String()
}

func (x shape) writeText(b *bytes.Buffer) {
	at := x.points[0]
	fmt.Fprintf(b, `<text x="%s" y="%s" font-size="%s" fill="%s"`, coordinate(at.X), coordinate(at.Y),
		coordinate(x.font.Size), cmp.Or(x.font.Colour, "#000000"))
	if x.font.Bold {
		b.WriteString(` font-weight="bold"`)
	}
	if x.font.Align != Begin {
		fmt.Fprintf(b, ` text-anchor="%s"`, x.font.Align)
	}
	fmt.Fprintf(b, ">%s</text>\n", escaped(x.text))
}

// coordinate is v with two decimals, if it needs them.
func coordinate(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// escaped is text in XML, without what no XML may have.
func escaped(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)))
	return b.String()
}
