package settings

import "fmt"

// UsageError says that a command line, a variable or a file of settings is wrong: nothing was done.
type UsageError struct{ error }

func (e UsageError) Unwrap() error { return e.error }

// Usagef is a UsageError of that text.
func Usagef(format string, args ...any) error {
	return UsageError{fmt.Errorf(format, args...)}
}
