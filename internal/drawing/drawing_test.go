package drawing

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
	"testing"
)

// TestTextsOfOthersStayTexts: whatever a text has in it, the picture stays well formed, and has no element of it.
func TestTextsOfOthersStayTexts(t *testing.T) {
	s := &Sheet{Width: 100, Height: 50, Title: "a\x1b]0;b\x00</title><script>"}
	s.Text(10, 10, `</text><script>alert("&")</script>`, Font{Size: 12})
	s.Rect(1, 1, 5, 5, Style{Fill: "#112233", Title: "\u0007<g>"})
	var b bytes.Buffer
	if err := s.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	var elements []string
	for d := xml.NewDecoder(&b); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			elements = append(elements, e.Name.Local)
		}
	}
	if got := strings.Join(elements, " "); got != "svg title rect text path title" {
		t.Errorf("the picture consists of %s", got)
	}
}

// painted is s as PNG, which has to decode.
func painted(t *testing.T, s *Sheet, scale float64) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := s.WritePNG(&b, scale); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestBothShowTheSame: what is drawn is where it was drawn, in its colour, and nothing else is.
func TestBothShowTheSame(t *testing.T) {
	s := &Sheet{Width: 60, Height: 40}
	s.Rect(10, 10, 10, 10, Style{Fill: "#102030"})
	s.Line(30, 5, 30, 35, Style{Stroke: "#ff0000", Width: 4})
	s.Dots([]Point{{45, 20}}, 4, Style{Fill: "#00ff00"})
	s.Rect(-20, 30, 30, 30, Style{Fill: "#0000ff"}) // beyond the edge
	img := painted(t, s, 2)
	if got := img.Bounds().Size(); got != image.Pt(120, 80) {
		t.Errorf("the image has %v", got)
	}
	white := color.RGBA{255, 255, 255, 255}
	for at, want := range map[image.Point]color.RGBA{
		{30, 30}: {0x10, 0x20, 0x30, 255}, {60, 40}: {255, 0, 0, 255}, {90, 40}: {0, 255, 0, 255},
		{4, 70}:  {0, 0, 255, 255},
		{44, 30}: white, {70, 40}: white, {90, 20}: white, {110, 70}: white,
	} {
		if got := color.RGBAModel.Convert(img.At(at.X, at.Y)); got != want {
			t.Errorf("%v is %v, want %v", at, got, want)
		}
	}
}

// TestDashesGoOnAroundCorners: a curve of short lines is dashed as a long one.
func TestDashesGoOnAroundCorners(t *testing.T) {
	var long []Point
	for x := range 101 {
		long = append(long, Point{float64(x), 0})
	}
	for _, points := range [][]Point{long, {{0, 0}, {100, 0}}} {
		drawn := 0.0
		for _, line := range dashes(points, 5) {
			drawn += line[1].X - line[0].X
		}
		if drawn < 49.9 || drawn > 50.1 {
			t.Errorf("of 100 in %d lines %g are drawn, want 50", len(points)-1, drawn)
		}
	}
}

// TestTextsHaveAWidth: a text is cut and broken where it is as wide as it may be, and its characters are there.
func TestTextsHaveAWidth(t *testing.T) {
	f := Font{Size: 20}
	if w := f.WidthOf("0123456789"); w < 90 || w > 140 {
		t.Errorf("ten digits are %g wide", w)
	}
	if got := f.Cut("a long text that does not fit", 100); f.WidthOf(got) > 100 || !strings.HasSuffix(got, "…") {
		t.Errorf("cut to %q", got)
	}
	lines := f.Wrap("one two three four five six seven", 100, 2)
	if len(lines) != 2 || !strings.HasSuffix(lines[1], "…") {
		t.Errorf("broken into %q", lines)
	}
	s := &Sheet{Width: 400, Height: 30}
	s.Text(5, 22, "33 … −1.5 ± 0.2 %, θ ≤ 3; Genève, Łódź, Αθήνα, Київ", f)
	img, dark := painted(t, s, 1), 0
	for x := range 400 {
		for y := range 30 {
			if r, _, _, _ := img.At(x, y).RGBA(); r < 0x4000 {
				dark++
			}
		}
	}
	if dark < 500 {
		t.Errorf("%d pixels are dark", dark)
	}
}

// TestALargeSheet: an image stays as large as viewers can show.
func TestALargeSheet(t *testing.T) {
	s := &Sheet{Width: 10, Height: 3 * mostPixels}
	if got := painted(t, s, 2).Bounds().Dy(); got > mostPixels {
		t.Errorf("the image is %d high", got)
	}
}
