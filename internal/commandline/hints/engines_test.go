package hints

import (
	"errors"
	"strings"
	"testing"

	"rtcbench/bench"
)

// A hint names a flag that the command has: not each has a choice of engines.
func TestNoFlagThatIsNotThere(t *testing.T) {
	late := &bench.LateError{Waiting: bench.StepICE}
	if text := For(late).Error(); !strings.Contains(text, "--engine browser") {
		t.Error(text)
	}
	text := OfOneEngine(late).Error()
	if strings.Contains(text, "--engine") || !strings.Contains(text, "needs UDP, or a TURN server; --connect-timeout") {
		t.Error(text)
	}
	if plain := errors.New("no hint"); OfOneEngine(plain) != plain {
		t.Error("an error without a hint is another one")
	}
}
