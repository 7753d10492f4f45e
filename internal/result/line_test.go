package result

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// TestALineIsWrittenAsItComes: the text of a file is the one of package encoding/json, whatever is in it, in many small
// pieces; and whoever is stopped in the middle writes no more.
func TestALineIsWrittenAsItComes(t *testing.T) {
	run := benchtest.Run(3000)
	run.Location = "a<b>&\u2028\u0085\"\\ é 𝄞" + strings.Repeat("ü", 100)
	f, err := New(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	if err := e.Encode(f); err != nil {
		t.Fatal(err)
	}
	var got pieces
	if err := f.WriteLine(t.Context(), &got); err != nil || got.String() != string(shown(want.Bytes())) {
		t.Errorf("%v: not the text of package json: %.300q", err, got.String())
	}
	if got.largest > want.Len()/3 {
		t.Errorf("%d of %d bytes came in one piece", got.largest, want.Len())
	}
	ctx, stop := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	got = pieces{after: func() { stop(stopped) }}
	if err := f.WriteLine(ctx, &got); !errors.Is(err, stopped) || got.Len() == 0 || got.Len() > want.Len()/2 {
		t.Errorf("%v after %d bytes of %d", err, got.Len(), want.Len())
	}
}

// pieces is what was written, piece by piece.
type pieces struct {
	bytes.Buffer
	largest int
	after   func()
}

func (p *pieces) Write(text []byte) (int, error) {
	if p.largest = max(p.largest, len(text)); p.after != nil {
		p.after()
	}
	return p.Buffer.Write(text)
}

// TestTextIsCutBetweenCharacters: a character that comes in two pieces is one.
func TestTextIsCutBetweenCharacters(t *testing.T) {
	const text = "a\u0085é𝄞\u2066z"
	for cut := range len(text) + 1 {
		var got bytes.Buffer
		s := shownWriter{to: func(p []byte) error { got.Write(p); return nil }}
		s.Write([]byte(text[:cut]))
		s.Write([]byte(text[cut:]))
		if s.to(s.cut); got.String() != string(shown([]byte(text))) {
			t.Errorf("cut at %d: %q", cut, got.String())
		}
	}
}
