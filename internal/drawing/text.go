package drawing

import (
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

// fonts are parsed once. They come with this program, and so cannot be damaged.
var fonts = sync.OnceValue(func() (of [2]*opentype.Font) {
	for i, data := range [][]byte{goregular.TTF, gobold.TTF} {
		parsed, err := opentype.Parse(data)
		if err != nil {
			panic(err)
		}
		of[i] = parsed
	}
	return of
})

// face is f's, at so many pixels of an image for each of a sheet.
func (f Font) face(scale float64) font.Face {
	which := 0
	if f.Bold {
		which = 1
	}
	made, err := opentype.NewFace(fonts()[which], &opentype.FaceOptions{Size: f.Size * scale, DPI: 72})
	if err != nil {
		panic(err)
	}
	return made
}

// WidthOf is how wide text is in f.
func (f Font) WidthOf(text string) float64 { return float64(font.MeasureString(f.face(1), text)) / 64 }

// Cut is text in f, shortened to width.
func (f Font) Cut(text string, width float64) string {
	if f.WidthOf(text) <= width {
		return text
	}
	short := []rune(text)
	for len(short) > 0 && f.WidthOf(string(short)+"…") > width {
		short = short[:len(short)-1]
	}
	return strings.TrimRight(string(short), " ") + "…"
}

// Wrap is text in f, broken between words into at most so many lines of width. What does not fit is cut.
func (f Font) Wrap(text string, width float64, most int) (lines []string) {
	words := strings.Fields(text)
	for len(words) > 0 && len(lines) < most {
		n := 1
		for n < len(words) && f.WidthOf(strings.Join(words[:n+1], " ")) <= width {
			n++
		}
		if len(lines) == most-1 {
			n = len(words)
		}
		lines, words = append(lines, f.Cut(strings.Join(words[:n], " "), width)), words[n:]
	}
	return lines
}
