// Package hints adds commands, flags and variables that help to the errors of the packages below, which know none of
// them.
package hints

import (
	"errors"
	"fmt"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/archive"
	"rtcbench/internal/browser"
	"rtcbench/internal/keep"
	"rtcbench/internal/measure"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
	"rtcbench/internal/selection"
	"rtcbench/internal/settings"
	"rtcbench/internal/stores"
)

// hinted is an error with what a user can do about it.
type hinted struct {
	error
	hint string
}

func (e hinted) Error() string { return e.error.Error() + e.hint }

func (e hinted) Unwrap() error { return e.error }

// Give is err with a hint of the caller's own.
func Give(err error, hint string) error { return hinted{err, hint} }

// For is err with what helps. An error that has a hint stays as it is.
func For(err error) error {
	if err == nil || errors.As(err, new(hinted)) {
		return err
	}
	for _, hint := range []func(error) string{ofJoining, ofKeeping, ofReading} {
		if text := hint(err); text != "" {
			return hinted{err, text}
		}
	}
	return err
}

// ForAll calls For for each error.
func ForAll(errs []error) []error {
	var list []error
	for _, err := range errs {
		list = append(list, For(err))
	}
	return list
}

// overTCP is the part of a hint that is only for commands with a choice of engines.
const overTCP = ": --engine browser also goes over TCP"

// OfOneEngine is For, for a command that has no choice of engines.
func OfOneEngine(err error) error {
	err = For(err)
	if h, ok := err.(hinted); ok {
		h.hint = strings.Replace(h.hint, overTCP, "", 1)
		return h
	}
	return err
}

// ofJoining is the hint for an error about a room that was not joined.
func ofJoining(err error) string {
	var late *measure.LateError
	var page *browser.LateError
	var seat *bench.LateError
	var join *measure.JoinError
	switch {
	case errors.As(err, &page) && errors.As(err, &late):
		return fmt.Sprintf(" in %v (--connect-timeout waits longer%s)", late.Limit, page.Maybe())
	case errors.As(err, &seat) && seat.Waiting == bench.StepICE:
		return "; the native engine needs UDP, or a TURN server" + overTCP + "; --connect-timeout waits longer"
	case errors.As(err, &seat):
		return "; --connect-timeout waits longer"
	case errors.As(err, &late):
		return fmt.Sprintf(" after %v (--connect-timeout waits longer)", late.Limit)
	case errors.As(err, &join):
		return advice.Of(join.Err)
	}
	return ""
}

// ofKeeping is the hint for an error about runs that were not kept.
func ofKeeping(err error) string {
	var refused *keep.Refused
	var waiting *keep.Waiting
	var noRoom *keep.NoRoom
	var noFolder *stores.NoFolder
	switch {
	case errors.As(err, &refused), errors.As(err, &waiting) && waiting.Older:
		return " (rtcbench store status)"
	case errors.As(err, &waiting):
		return " (rtcbench store flush delivers)"
	case errors.As(err, &noRoom):
		return makeRoom(err) + withoutRoom(noRoom)
	case errors.As(err, &noFolder):
		return ": name one with --data-dir, or keep nothing with --store none"
	}
	return makeRoom(err)
}

func makeRoom(err error) string {
	if errors.Is(err, outbox.ErrFull) {
		return "; see rtcbench store status, and deliver with rtcbench store flush"
	}
	return ""
}

// withoutRoom says what became of a run that the outbox did not take.
func withoutRoom(e *keep.NoRoom) (text string) {
	for _, f := range e.Fates {
		if f.Err != nil {
			text += fmt.Sprintf("; %s did not take it either: %v", f.Store, f.Err)
		} else {
			text += "; " + f.Store + " has it"
		}
	}
	switch {
	case e.Where != "":
		text += "; it is in " + e.Where + " (rtcbench import)"
	case e.Gone != nil:
		text += fmt.Sprintf("; the folder for temporary files did not take it either: %v", e.Gone)
	}
	return text
}

// ofReading is the hint for an error about reading what was kept.
func ofReading(err error) string {
	var unreadable *archive.Unreadable
	var nothing *archive.Nothing
	switch {
	case errors.As(err, &unreadable) && unreadable.RunID != "":
		return fmt.Sprintf("; it is left out (to be rid of it: rtcbench store remove %s)", unreadable.RunID)
	case errors.Is(err, result.ErrStore):
		return ": read it with --store sqlite:FILE, and rtcbench export writes its runs to a file"
	case errors.As(err, new(*archive.NoStore)):
		return ": measure something first (rtcbench livekit), or name another with --store"
	case errors.As(err, &nothing) && !nothing.Empty:
		return "; rtcbench history without filters shows all"
	case errors.As(err, new(*archive.Unindexed)):
		return ": rtcbench store check"
	case errors.As(err, new(*archive.Several)):
		return ": give more of the ID"
	}
	return ""
}

// Called is an error about the runs that text names. text may be a secret in the wrong place.
func Called(text string, err error) error {
	var notOne *archive.NotOne
	switch {
	case errors.Is(err, archive.ErrTooShort):
		return fmt.Errorf("%s is too little of an ID: give four characters of it or more", settings.Shown(text))
	case !errors.As(err, &notOne):
		return For(err)
	case len(notOne.Found) == 0:
		return fmt.Errorf("there is no run %s in %s", settings.ShownID(text), notOne.Store)
	}
	return fmt.Errorf("%d runs in %s are called %s, as %s and %s: give more of the ID",
		len(notOne.Found), notOne.Store, settings.ShownID(text), notOne.Found[0], notOne.Found[1])
}

// Note is the line for a note about runs that were read all the same, or left out. shown is the name of the side that
// the runs belong to.
func Note(command, shown string, note error) string {
	switch {
	case errors.As(note, new(*archive.Unreadable)):
		return "rtcbench: " + For(note).Error()
	case errors.As(note, new(*archive.OneInvalid)):
		return command + " " + shown + ": " + note.Error()
	}
	return note.Error()
}

// NoGroup says why a side gave no runs.
func NoGroup(command string, o archive.Side, err error) error {
	shown := selection.ShownSide(o.Name)
	var several *archive.NotOne
	switch {
	case errors.As(err, new(*archive.AllInvalid)):
		return fmt.Errorf("%s %s: %w; --include-invalid compares invalid runs, too", command, shown, err)
	case errors.As(err, &several) && several.Store == "":
		return fmt.Errorf("%s %s: %d runs are called so, as %s and %s: give more of the ID", command, shown,
			len(several.Found), several.Found[0], several.Found[1])
	}
	return fmt.Errorf("%s %s: %w", command, shown, Called(o.Part, err))
}
