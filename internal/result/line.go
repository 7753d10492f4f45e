package result

import (
	"context"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// asWritten makes the new JSON package write as encoding/json does without escapes for HTML.
var asWritten = json.JoinOptions(jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsontext.EscapeForJS(true))

// WriteLine writes f as a line of JSON, as Document.Line, but piece by piece. So the text of millions of pings is never
// in memory as a whole: a process that is stopped would need time to give that memory back. It stops when ctx ends.
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

// shownWriter passes on what is written to it, with the escapes of shown.
type shownWriter struct {
	to  func([]byte) error
	cut []byte // beginning of a character that is not complete yet
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
