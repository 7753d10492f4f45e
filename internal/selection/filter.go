package selection

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rtcbench/internal/archive"
	"rtcbench/internal/result"
	"rtcbench/internal/settings"
)

// filterKeys are the flags of history, as keys, and what they set.
var filterKeys = map[string]func(f *Texts) *string{
	"platform":   func(f *Texts) *string { return &f.Platform },
	"location":   func(f *Texts) *string { return &f.Location },
	"engine":     func(f *Texts) *string { return &f.Engine },
	"transport":  func(f *Texts) *string { return &f.Transport },
	"path":       func(f *Texts) *string { return &f.Path },
	"echo-place": func(f *Texts) *string { return &f.EchoPlace },
	"since":      func(f *Texts) *string { return &f.Since },
	"until":      func(f *Texts) *string { return &f.Until },
}

// filterWords are values that need no key.
var filterWords = map[string]string{"native": "engine", "browser": "engine"}

// ParseFilter reads which runs are wanted: KEY=VALUE,… as it is written on a command line. A platform, an engine and a
// run's ID need no key.
func ParseFilter(text string, now time.Time) (f archive.Filter, err error) {
	var flags Texts
	for part := range strings.SplitSeq(text, ",") {
		key, value, found := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case found:
		case slices.Contains(result.Platforms, key):
			key, value = "platform", key
		case filterWords[key] != "":
			key, value = filterWords[key], key
		case settings.PartOfID.MatchString(key) && f.Part == "":
			f.Part = strings.ToLower(key)
			continue
		default:
			return f, fmt.Errorf("%s is not of the form KEY=VALUE; keys are %s",
				settings.Shown(key, append(result.Platforms, "native", "browser")...),
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
	c := settings.Check{Sources: settings.New(nil, "")}
	f.Query = flags.Query(&c, now)
	if c.Err != nil {
		return f, fmt.Errorf("%s", strings.ReplaceAll(c.Err.Error(), "--", "")) // there they are flags
	}
	return f, nil
}

func unknownKey(key string) error {
	names := slices.Sorted(maps.Keys(filterKeys))
	for _, name := range names {
		if len(key) > 1 && (strings.HasPrefix(name, key) || settings.EditDistance(key, name) <= 2) {
			return fmt.Errorf("there is no key %q, did you mean %q?", key, name)
		}
	}
	return fmt.Errorf("there is no key %s; keys are %s", settings.Shown(key), strings.Join(names, ", "))
}
