package turn

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"rtcbench/internal/redact"
)

// Step is one thing that the caller does.
type Step struct {
	Say       string        // an utterance; "" = it does not
	Waits     bool          // whether it waits for the reply: both together are a turn
	Interrupt time.Duration // after which the caller speaks into the reply; 0 = it does not
	With      string        // what the caller says as the interruption
	Silence   time.Duration // how long the caller says nothing
}

// Repeat is a script of so many turns that says a list over and over.
func Repeat(say []string, turns int) (steps []Step) {
	for i := range turns {
		steps = append(steps, Step{Say: say[i%len(say)], Waits: true})
	}
	return steps
}

// Turns is how many turns a script has.
func Turns(steps []Step) (n int) {
	for _, s := range steps {
		if s.Waits {
			n++
		}
	}
	return n
}

// ParseScript reads a script: one step a line, as docs/turn.md has them. The error names the line.
func ParseScript(text string) (steps []Step, err error) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(uncommented(line)); line == "" {
			continue
		}
		if steps, err = step(steps, line); err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", n, redact.Words(line), err)
		}
	}
	if Turns(steps) == 0 {
		return nil, fmt.Errorf("no turn is in it: let \"wait for reply\" follow a \"say\"")
	}
	return steps, nil
}

// uncommented is a line without its comment. A comment begins with #, at the beginning of the line or behind a space,
// and not in quotes: a file may be called c#.opus or "take #2.opus".
func uncommented(line string) string {
	quoted, spaced := false, true
	for i, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '#' && spaced && !quoted:
			return line[:i]
		}
		spaced = unicode.IsSpace(r)
	}
	return line
}

// name is what stands behind the first n words of a line: the name of an utterance or of a file. The name of a file may
// have spaces, and may stand in quotes.
func name(line string, n int) string {
	for range n {
		line = strings.TrimLeftFunc(strings.TrimLeftFunc(line, unicode.IsSpace), func(r rune) bool {
			return !unicode.IsSpace(r)
		})
	}
	line = strings.TrimSpace(line)
	if inner, ok := strings.CutPrefix(line, `"`); ok && strings.HasSuffix(inner, `"`) {
		return strings.TrimSuffix(inner, `"`)
	}
	return line
}

func step(steps []Step, line string) ([]Step, error) {
	words := strings.Fields(line)
	last := len(steps) - 1
	talk := last >= 0 && steps[last].Say != "" // whether there is an utterance to wait for
	rest := strings.Join(words[1:], " ")
	switch {
	case words[0] == "say" && name(line, 1) != "":
		return append(steps, Step{Say: name(line, 1)}), nil
	case words[0] == "wait" && (rest == "for reply" || rest == "for the reply"):
		if !talk || steps[last].Waits {
			return nil, fmt.Errorf("nothing is said before it")
		}
		steps[last].Waits = true
		return steps, nil
	case words[0] == "interrupt" && len(words) > 2 && words[1] == "after":
		if !talk || steps[last].Interrupt > 0 {
			return nil, fmt.Errorf("nothing is said before it")
		}
		with, end := "stop", slices.Index(words, "with")
		if end < 0 {
			end = len(words)
		} else {
			with = name(line, end+1)
		}
		d, err := span(strings.Join(words[2:end], " "))
		if err != nil || with == "" {
			return nil, fmt.Errorf("must be as: interrupt after 800 ms, or: interrupt after 800 ms with stop")
		}
		steps[last].Waits, steps[last].Interrupt, steps[last].With = true, d, with
		return steps, nil
	case words[0] == "silence" && len(words) > 1:
		d, err := span(rest)
		if err != nil {
			return nil, fmt.Errorf("must be as: silence 2 s")
		}
		return append(steps, Step{Silence: d}), nil
	}
	return nil, fmt.Errorf("must be one of: say NAME, wait for reply, interrupt after 800 ms, silence 2 s")
}

// longestSpan is the longest time that a script may name.
const longestSpan = 10 * time.Minute

// span reads "800 ms", "800ms", "2 s" or "1.5s".
func span(text string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
	if err != nil || d <= 0 || d > longestSpan {
		return 0, fmt.Errorf("%s is no time from 1 ns to %v", strconv.Quote(text), longestSpan)
	}
	return d, nil
}
