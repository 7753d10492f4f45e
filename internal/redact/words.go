package redact

import (
	"fmt"
	"regexp"
)

// Hidden stands for a value that an error does not show.
func Hidden(value string) string {
	return fmt.Sprintf("(%d characters, not shown: it may be a secret)", len([]rune(value)))
}

// MadeUp reports whether a value looks as machines make secrets. The ID of a run, or a part of one, does not.
func MadeUp(value string) bool { return madeUp.MatchString(value) && !PartOfID.MatchString(value) }

var madeUp = regexp.MustCompile(`^(eyJ.*|[A-Za-z0-9_+=-]{24,})$`)

// PartOfID is what may be a run's ID, or the beginning or end of one.
var PartOfID = regexp.MustCompile(`^[0-9a-fA-F-]{4,36}$`)

// Words is text from a file that somebody wrote, as an error may show it: without the words that look made up.
func Words(text string) string {
	return word.ReplaceAllStringFunc(text, func(w string) string {
		if MadeUp(w) {
			return Hidden(w)
		}
		return w
	})
}

var word = regexp.MustCompile("[^\\s\"'`,:;()]+")
