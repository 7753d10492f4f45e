package selection

import (
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtcbench/internal/archive"
	"rtcbench/internal/result"
	"rtcbench/internal/settings"
)

// ParseSide tells what text names that a command was given: a file, runs of a file, or runs of a store. What is
// there as a file is a file.
func ParseSide(command, text string, now time.Time) (o archive.Side, err error) {
	o.Name = text
	path, choice, chosen := text, "", false
	if at := strings.LastIndexByte(text, '#'); at >= 0 && !isFile(text) {
		path, choice, chosen = text[:at], text[at+1:], true
	}
	switch {
	case isFile(path):
		o.File = path
		if chosen {
			o.Filter, err = ParseFilter(choice, now)
		}
	case chosen:
		err = errors.New("there is no such file")
	case !strings.Contains(text, "=") && !settings.PartOfID.MatchString(text) && strings.ContainsAny(text, "./\\"):
		err = errors.New("there is no such file")
	default:
		if o.Filter, err = ParseFilter(text, now); err != nil && !strings.Contains(text, "=") {
			err = errors.New("it is no file, no ID of a run, and no filter such as " +
				"platform=livekit,location=fra,since=24h")
		}
	}
	if err != nil {
		return o, settings.Usagef("%s %s: %w", command, ShownSide(text), err)
	}
	return o, nil
}

// ShownSide is text as an error may show it.
func ShownSide(text string) string {
	path, choice, chosen := strings.Cut(text, "#")
	_, err := ParseFilter(choice, time.Time{})
	_, alone := ParseFilter(text, time.Time{})
	switch {
	case alone == nil, isFile(path) && (!chosen || err == nil):
		return strconv.Quote(text)
	case isFile(path), dataFile.MatchString(path):
		return settings.ShownName(path)
	}
	return shownFilter(text)
}

// shownFilter is a filter that was refused. What may be a secret in it stands there as dots.
func shownFilter(text string) string {
	words := append(slices.Sorted(maps.Keys(filterKeys)), append(result.Platforms, "native", "browser")...)
	parts := strings.Split(text, ",")
	if !strings.Contains(text, "=") && len(parts) == 1 {
		return settings.Shown(text, words...)
	}
	told := false
	for i, part := range parts {
		key, value, found := strings.Cut(part, "=")
		for _, word := range []*string{&key, &value} {
			if !settings.Showable(*word, words...) {
				*word = "…"
			}
			told = told || *word != "…" && *word != ""
		}
		if parts[i] = key; found {
			parts[i] += "=" + value
		}
	}
	if !told {
		return settings.Hidden(text)
	}
	return strconv.Quote(strings.Join(parts, ","))
}

// dataFile is what the names of such files end in.
var dataFile = regexp.MustCompile(`(?i)\.(jsonl?|ndjson|gz|zst|txt|csv|log|db)$`)

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() || path == "-"
}
