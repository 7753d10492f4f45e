package settings

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rtcbench/internal/redact"
)

// Hidden stands for a value that an error does not show.
func Hidden(value string) string { return redact.Hidden(value) }

// Shown is a value that was refused, as an error may show it. A secret may stand wherever a value may, so only what
// can be none is shown: a number, a time, a very short word, and what is nearly one of the words that are allowed.
func Shown(value string, words ...string) string {
	if Showable(value, words...) {
		return strconv.Quote(value)
	}
	return Hidden(value)
}

// Showable reports whether an error may show a value as it is, beside the words that are allowed.
func Showable(value string, words ...string) bool {
	return harmless().MatchString(value) || nearlyOne(value, words)
}

// harmless is a number with its unit, a time, a word of at most five letters, or nothing.
// To compile it takes longer than most commands need, which refuse nothing.
var harmless = compiled(`^([-+]?[0-9]{0,12}([.,:/_ ][0-9]{1,9}){0,4} ?[A-Za-zµ%]{0,3}` +
	`|[-+]?([0-9]{1,9}([.,][0-9]{1,9})?[a-zµ]{1,2}){1,5}` +
	`|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9:.,]{0,18}([Zz]|[-+][0-9:]{1,5}| UTC)?)?` +
	`|[A-Za-z]{1,5})$`)

// compiled is an expression that is compiled when it is first needed.
func compiled(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// nearlyOne reports whether value is one of words but for a slip, or the beginning of one, or the other way round.
func nearlyOne(value string, words []string) bool {
	lower := strings.ToLower(value)
	for _, word := range words {
		if len(value) > 2 && len(value) <= len(word)+2 &&
			(strings.HasPrefix(word, lower) || strings.HasPrefix(lower, word) ||
				3*EditDistance(lower, word) <= len(word)) {
			return true
		}
	}
	return false
}

// ShownAddress is a URL or an address that was refused, without what may be a secret in it: user, query, fragment, and
// a path that is more than a few short words. What does not look like an address is not shown at all.
func ShownAddress(value string) string {
	m := address().FindStringSubmatch(value)
	if m == nil || strings.ContainsAny(value, "@?#") {
		return Hidden(value)
	}
	if !strings.ContainsAny(value, ":.") { // a word alone
		return Shown(value, "localhost")
	}
	if path := m[1]; path != "" && !plainPath().MatchString(path) {
		return strconv.Quote(strings.TrimSuffix(value, path) + "/…")
	}
	return strconv.Quote(value)
}

var (
	address = compiled(`^(?:[a-z][a-z0-9+]{0,9}:/{1,3})?` + // ws://
		`(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\]|[a-z][a-z-]{0,14}[0-9]{0,3}|` +
		`(?:[a-z0-9-]{1,30}\.){1,6}[a-z]{2,12})?` +
		`(?::[0-9]{0,6})?(/.*)?$`)
	plainPath = compiled(`^(/[a-z._-]{0,16}[0-9]{0,3}){1,4}$`)
)

// ShownURL is a URL that was accepted, for an error about what became of it.
func ShownURL(value string) string {
	if u, err := url.Parse(value); err != nil || u.Host == "" {
		return ShownAddress(value)
	}
	return redact.URL(value)
}

// ShownName is the name of something that is not there, or will not do: of a file, a room, a job. Names are shown, but
// for what looks as a machine makes secrets, and for the user and the password of a URL.
func ShownName(value string) string {
	if strings.Contains(value, "//") && strings.Contains(value, "@") {
		if u, err := url.Parse(value); err != nil || u.Host == "" {
			return Hidden(value)
		}
		return strconv.Quote(redact.URL(value))
	}
	if len(value) > 200 || redact.MadeUp(value) {
		return Hidden(value)
	}
	return strconv.Quote(value)
}

// Censored is the text of an error without the values of args and of variables that ShownName hides. Whoever opens a
// file, starts a program or looks for a name may repeat what was given, and need not think of it.
func (s *Sources) Censored(text string, args []string) string {
	given := maps.Clone(s.found)
	for _, arg := range args {
		_, value, _ := strings.Cut(arg, "=")
		for _, one := range []string{arg, value, strings.TrimLeft(arg, "-")} {
			given[Clean(one)] = true
			apart := func(r rune) bool { return r == '/' || r == '\\' || r == ',' }
			for _, part := range strings.FieldsFunc(one, apart) {
				given[part] = true // a folder of a path, one of a list
			}
		}
	}
	// one may be a part of another
	for _, value := range slices.SortedFunc(maps.Keys(given), func(a, b string) int { return len(b) - len(a) }) {
		if hidden := ShownName(value); value != "" && hidden == Hidden(value) {
			text = strings.NewReplacer(strconv.Quote(value), hidden, value, hidden).Replace(text)
		}
	}
	return text
}

// WordsOf are the words that a sentence about what is allowed names.
func WordsOf(allowed string) []string { return someWord.FindAllString(allowed, -1) }

var someWord = regexp.MustCompile(`[a-z][a-z0-9-]+`)

// ShownID is what should be the ID of a run, or a part of one.
func ShownID(id string) string {
	if PartOfID.MatchString(id) {
		return strconv.Quote(id)
	}
	return Shown(id)
}

// PartOfID is what may be a run's ID, or the beginning or end of one.
var PartOfID = redact.PartOfID

// EditDistance is how many letters have to be put in, left out or replaced (Levenshtein).
func EditDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
