package pictures

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"rtcbench/internal/dashboard"
	"rtcbench/internal/drawing"
	"rtcbench/internal/files"
	"rtcbench/internal/report"
)

// Order is what somebody wants to have of runs.
type Order struct {
	Format  string // html, svg or png; "" = as File ends
	Picture string // which one; "" = what shows most of them
	File    string // "" = one that is called after the format; "-" = none
}

// Settle finds out what an order leaves open, and whether it contradicts itself, or would take the place of one of the
// files that runs come from.
func (o *Order) Settle(runs []string) (err error) {
	natural := "html"
	if o.Picture != "" {
		natural = "svg"
	}
	if o.Format, err = Format(o.Format, o.File, natural); err != nil {
		return err
	}
	if o.Format == "html" && o.Picture != "" {
		return fmt.Errorf("a page has all pictures: for the picture %q alone the format has to be svg or png",
			o.Picture)
	}
	o.File = cmp.Or(o.File, "report."+o.Format)
	for _, name := range runs {
		file, _, _ := strings.Cut(name, "#")
		if files.Same(file, o.File) {
			return fmt.Errorf("%q has the runs themselves in it: name another file for the report", o.File)
		}
	}
	return nil
}

// Write writes sides as it was ordered. by is the program, and pages has the script of a page.
func (o Order) Write(w io.Writer, sides []report.Group, by string, pages func() (fs.FS, error)) error {
	if o.Format != "html" {
		sheet, err := Draw(o.Picture, sides)
		if err != nil {
			return err
		}
		return Write(w, o.Format, sheet)
	}
	files, err := pages()
	if err != nil {
		return err
	}
	r, err := dashboard.NewReport(sides, by, time.Now())
	if err != nil {
		return err
	}
	return r.WriteHTML(w, files)
}

// Format is what file is to be written as: what was asked for, or what its name says, or what is natural. The name may
// not contradict what was asked for.
func Format(asked, file, natural string) (string, error) {
	of := append([]string{natural}, "html", "svg", "png")
	says := files.Says(file)
	switch {
	case says != "" && !slices.Contains(of, says) || says == "" && asked == "" && files.End(file) != "":
		return "", fmt.Errorf("%q ends in %s, which is no format of a report: html, svg and png are", file,
			files.End(file))
	case asked != "" && says != "" && says != asked:
		return "", fmt.Errorf("%q ends in %s, and %s was asked for", file, files.End(file), asked)
	}
	return cmp.Or(asked, says, natural), nil
}

// Formats are what a picture can be written as.
var Formats = []string{"svg", "png"}

// Write writes a picture as SVG or PNG.
func Write(w io.Writer, format string, sheet *drawing.Sheet) error {
	if format == "png" {
		return sheet.WritePNG(w, 2)
	}
	return sheet.WriteSVG(w)
}
