// Package utterances holds what the caller and the agent of a turn say, as Ogg Opus. tools/utterances.py made the files
// from texts of rtcbench's own, with espeak-ng and opusenc, and says what is in them. The package decodes nothing.
package utterances

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:generate python3 ../../../tools/utterances.py .

//go:embed *.opus
var files embed.FS

// The utterances that are not for the caller to say.
const (
	Quiet    = "quiet"    // noise of -66 dBFS, as the microphone of a quiet room gives it
	Greeting = "greeting" // what our own agent says first
	Reply    = "reply"    // and then
)

// Names are the utterances that a caller can say.
func Names() (list []string) {
	entries, _ := fs.ReadDir(files, ".")
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".opus")
		if !slices.Contains([]string{Quiet, Greeting, Reply}, name) {
			list = append(list, name)
		}
	}
	return list
}

// File is the Ogg Opus file of that name.
func File(name string) ([]byte, error) { return files.ReadFile(name + ".opus") }
