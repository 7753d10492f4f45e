package turn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"rtcbench/internal/files"
	"rtcbench/internal/settings"
	"rtcbench/internal/turn/utterances"
)

// Usual are the utterances of a caller that was told nothing else. The caller says them one after the other, and then
// again from the first.
func Usual() []string { return []string{"short", "medium", "digits", "pause", "long"} }

// Said are the utterances that a script names, each once.
func Said(steps []Step) (names []string) {
	for _, s := range steps {
		for _, name := range []string{s.Say, s.With} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Names are the utterances of this program.
func Names() []string { return utterances.Names() }

// largest is how large a file of an utterance may be: minutes of speech.
const largest = 64 << 20

// UnreadableError means that an utterance cannot be read.
type UnreadableError struct {
	Name string // as it was asked for: an error shows it where it can be no secret
	Err  error
}

func (e *UnreadableError) Error() string { return fmt.Sprintf("%.80q %v", e.Name, e.Err) }

func (e *UnreadableError) Unwrap() error { return e.Err }

// Load reads utterances by name: this program has some, and other names are paths of files.
func Load(names []string) (map[string]Utterance, error) {
	list := map[string]Utterance{}
	for _, name := range names {
		u, err := load(name)
		if err != nil {
			var path *fs.PathError
			if errors.As(err, &path) {
				err = fmt.Errorf("cannot be read: %w", path.Err) // without the name, which stands before it
			}
			return nil, &UnreadableError{name, err}
		}
		list[name] = u
	}
	return list, nil
}

func load(name string) (Utterance, error) {
	if slices.Contains(utterances.Names(), name) {
		return Builtin(name)
	}
	file, err := read(name)
	switch says := files.Says(name); {
	case err != nil:
		return Utterance{}, err
	case isWAV(file):
		if err = whole(file); err == nil {
			file, err = encode(file)
		}
		if err != nil {
			return Utterance{}, fmt.Errorf("cannot be taken: %w", err)
		}
	case bytes.HasPrefix(file, []byte("OggS")):
		if err := wholeOgg(file); err != nil {
			return Utterance{}, fmt.Errorf("cannot be taken: %w", err)
		}
	case len(file) == 0:
		return Utterance{}, errors.New("cannot be taken: it is empty")
	case says == "wav":
		return Utterance{}, errors.New("cannot be taken: it is no WAV file, for it does not begin with RIFF")
	case says == "ogg":
		return Utterance{}, errors.New("cannot be taken: it is no Ogg Opus file, for it does not begin with OggS")
	default:
		return Utterance{}, errors.New("cannot be taken: it is neither Ogg Opus nor WAV")
	}
	return ReadOgg(filepath.Base(name), file)
}

// read is a file that somebody named; "-" is standard input.
func read(name string) ([]byte, error) {
	if name == "-" {
		return settings.ReadInput(largest)
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("is no utterance of this program (%s), and there is no such file",
			strings.Join(utterances.Names(), ", "))
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > largest:
		return nil, fmt.Errorf("is no file of at most %d MB", largest>>20)
	}
	return os.ReadFile(name)
}

// encode makes Ogg Opus of WAV. There is no encoder in this program.
func encode(wav []byte) ([]byte, error) {
	program, err := exec.LookPath("opusenc")
	if err != nil {
		return nil, errors.New("a WAV file needs opusenc, which is not here (Debian: apt-get install opus-tools); " +
			"Ogg Opus needs nothing")
	}
	cmd := exec.Command(program, "--quiet", "--framesize", "20", "-", "-")
	cmd.Env = []string{} // it needs none of our variables, some of which are secrets
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(wav), &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("opusenc: %w: %.200s", err, strings.Join(strings.Fields(said.String()), " "))
	}
	return out.Bytes(), nil
}

// Write writes what was recorded, as the name of its file ends: .ogg and .opus through opusenc, others as WAV.
func (r *Recording) Write(w io.Writer, name string) error {
	if format, _ := files.Format(name, Formats...); format != "ogg" {
		return r.WriteWAV(w)
	}
	var wav bytes.Buffer
	if err := r.WriteWAV(&wav); err != nil {
		return err
	}
	file, err := encode(wav.Bytes())
	if err == nil {
		_, err = w.Write(file)
	}
	return err
}

// Formats are the formats of recordings.
var Formats = []string{"wav", "ogg"}

// CanWrite finds out whether a recording of that name can be made here.
func CanWrite(name string) error {
	format, err := files.Format(name, Formats...)
	if err != nil || format != "ogg" {
		return err
	}
	if _, err = exec.LookPath("opusenc"); err != nil {
		return errors.New("an Ogg file needs opusenc, which is not here (Debian: apt-get install opus-tools); .wav " +
			"needs nothing")
	}
	return nil
}
