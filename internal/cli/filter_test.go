package cli

import (
	"bytes"
	"errors"
	"testing"
)

// TestErrorsObeyNobody: a server chooses a part of many errors, and a terminal would obey it.
func TestErrorsObeyNobody(t *testing.T) {
	var b bytes.Buffer
	fail(&b, errors.New("it answers 500: \x1b[2J\x1b]0;title\x07\nrtcbench: and more"))
	if b.String() != "rtcbench: it answers 500: �[2J�]0;title�\nrtcbench: and more\n" {
		t.Errorf("%q", b.String())
	}
}
