package cli

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"rtcbench/internal/archive"
	"rtcbench/internal/result"
)

// filterKeys are the flags of history, as keys, and what they set.
var filterKeys = map[string]func(f *filterFlags) *string{
	"platform":  func(f *filterFlags) *string { return &f.Platform },
	"location":  func(f *filterFlags) *string { return &f.Location },
	"engine":    func(f *filterFlags) *string { return &f.Engine },
	"transport": func(f *filterFlags) *string { return &f.Transport },
	"path":      func(f *filterFlags) *string { return &f.Path },
	"since":     func(f *filterFlags) *string { return &f.Since },
	"until":     func(f *filterFlags) *string { return &f.Until },
}

// filterWords are values that need no key.
var filterWords = map[string]string{"native": "engine", "browser": "engine"}

// partOfID is what may be a run's ID, or the beginning or end of one.
var partOfID = regexp.MustCompile(`^[0-9a-fA-F-]{4,36}$`)

// parseFilter reads which runs are wanted: KEY=VALUE,… as it is written on a command line. A platform, an engine and a run's ID need no key.
func parseFilter(text string, now time.Time) (f archive.Filter, err error) {
	var flags filterFlags
	for part := range strings.SplitSeq(text, ",") {
		key, value, found := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case found:
		case slices.Contains(result.Platforms, key):
			key, value = "platform", key
		case filterWords[key] != "":
			key, value = filterWords[key], key
		case partOfID.MatchString(key) && f.Part == "":
			f.Part = strings.ToLower(key)
			continue
		default:
			return f, fmt.Errorf("%s is not of the form KEY=VALUE; keys are %s", shown(key, append(result.Platforms, "native", "browser")...),
				strings.Join(slices.Sorted(maps.Keys(filterKeys)), ", "))
		}
		field, known := filterKeys[key]
		switch {
		case !known:
			return f, unknownKey(key)
		case value == "":
			return f, fmt.Errorf("%s= has no value; leave the key out if it is not wanted", key)
		case *field(&flags) != "":
			return f, fmt.Errorf("%s stands there twice", key)
		}
		*field(&flags) = value
	}
	c := check{settings: newSettings(nil, "")}
	f.Query = flags.query(&c, now)
	if c.err != nil {
		return f, fmt.Errorf("%s", strings.ReplaceAll(c.err.Error(), "--", "")) // there they are flags
	}
	return f, nil
}

func unknownKey(key string) error {
	names := slices.Sorted(maps.Keys(filterKeys))
	for _, name := range names {
		if len(key) > 1 && (strings.HasPrefix(name, key) || editDistance(key, name) <= 2) {
			return fmt.Errorf("there is no key %q, did you mean %q?", key, name)
		}
	}
	return fmt.Errorf("there is no key %s; keys are %s", shown(key), strings.Join(names, ", "))
}

// editDistance is how many letters have to be put in, left out or replaced (Levenshtein).
func editDistance(a, b string) int {
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
