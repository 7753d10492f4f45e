package settings

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// CheckText refuses a value that is not UTF-8: each byte of it would become U+FFFD, and two names would be one. The
// value is not shown: it may be a secret. Who calls names where it stands; Sources do so for variables.
func CheckText(value string) error {
	if !utf8.ValidString(value) {
		return errors.New("its value is not UTF-8: type it, or save its file, in UTF-8")
	}
	return nil
}

// CheckArgs is checkText for a command line. It has to come before the parser, which would replace such bytes.
func CheckArgs(args []string) error {
	for i, arg := range args {
		of := "an argument"
		if flag, _, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(flag, "-") && utf8.ValidString(flag) {
			of = flag
		} else if i > 0 && strings.HasPrefix(args[i-1], "-") {
			of = args[i-1]
		}
		if err := CheckText(arg); err != nil {
			return Usagef("%s: %w", of, err)
		}
	}
	return nil
}
