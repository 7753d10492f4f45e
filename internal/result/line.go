package result

import (
	"context"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// asWritten is how package encoding/json writes what it is told to write without escapes for HTML.
var asWritten = json.JoinOptions(jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsontext.EscapeForJS(true))

// WriteLine writes f as Document.Line has it, while it becomes JSON: the text of millions of pings is never in memory,
// which a process that is stopped would have to give back before it has ended. It ends when ctx does.
func (f File) WriteLine(ctx context.Context, w io.Writer) error {
	s := &shownWriter{to: func(p []byte) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		_, err := w.Write(p)
		return err
	}}
	if err := json.MarshalWrite(s, f, asWritten); err != nil {
		return err
	}
	return s.to(append(s.cut, '\n'))
}

// shownWriter hands on what is written to it as shown has it.
type shownWriter struct {
	to  func([]byte) error
	cut []byte // the beginning of a character
}

func (s *shownWriter) Write(p []byte) (int, error) {
	text := append(s.cut, p...)
	end := len(text)
	for i := 1; i <= min(utf8.UTFMax, len(text)); i++ {
		if at := len(text) - i; utf8.RuneStart(text[at]) {
			if !utf8.FullRune(text[at:]) {
				end = at
			}
			break
		}
	}
	err := s.to(shown(text[:end]))
	s.cut = append(s.cut[:0:0], text[end:]...)
	return len(p), err
}
