package turn

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rtcbench/internal/redact"
)

// Step is one thing that the caller does.
type Step struct {
	Say       string        // an utterance; "" = it does not
	Waits     bool          // for the reply: the two are a turn
	Interrupt time.Duration // after which the caller speaks into the reply; 0 = it does not
	With      string        // what it says then
	Silence   time.Duration // it says nothing for so long
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
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if steps, err = step(steps, words); err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", n, redact.Words(strings.TrimSpace(line)), err)
		}
	}
	if Turns(steps) == 0 {
		return nil, fmt.Errorf("no turn is in it: let \"wait for reply\" follow a \"say\"")
	}
	return steps, nil
}

func step(steps []Step, words []string) ([]Step, error) {
	last := len(steps) - 1
	talk := last >= 0 && steps[last].Say != "" // what may be waited for
	rest := strings.Join(words[1:], " ")
	switch {
	case words[0] == "say" && len(words) == 2:
		return append(steps, Step{Say: words[1]}), nil
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
		after, with, found := strings.Cut(strings.TrimPrefix(rest, "after "), " with ")
		d, err := span(after)
		if err != nil || found && strings.Contains(with, " ") {
			return nil, fmt.Errorf("must be as: interrupt after 800 ms, or: interrupt after 800 ms with stop")
		}
		if !found {
			with = "stop"
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
