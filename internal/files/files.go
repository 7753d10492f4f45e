// Package files knows what the names of files say: as what one is to be written, and whether two are one file. It makes
// folders that a failure does not leave behind.
package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// formats are what the ends of names say. Other ends say nothing, as those of .txt and .log do.
var formats = map[string]string{
	".json": "json", ".jsonl": "json", ".ndjson": "json", ".csv": "csv", ".tsv": "tsv", ".xlsx": "xlsx",
	".html": "html", ".htm": "html", ".svg": "svg", ".png": "png", ".pdf": "pdf", ".gif": "gif", ".jpg": "jpeg",
	".jpeg": "jpeg", ".webp": "webp", ".yaml": "yaml", ".yml": "yaml", ".db": "a database", ".sqlite": "a database",
	".wav": "wav", ".wave": "wav", ".ogg": "ogg", ".opus": "ogg", ".oga": "ogg", ".mp3": "mp3", ".flac": "flac",
	".m4a": "m4a", ".aac": "aac", ".mp4": "mp4", ".webm": "webm", ".zip": "zip", ".gz": "gzip", ".zst": "zstd",
}

// Format is as what a file of that name is to be written, of those that it can be: the first one where the name says
// nothing. A name that says something else is refused. Where there is a choice, any end that is none of a known format
// is refused, too: whoever writes .aiff does not mean a WAV file.
func Format(path string, as ...string) (string, error) {
	end := End(path)
	says := formats[end]
	switch {
	case slices.Contains(as, says):
		return says, nil
	case end == "" || says == "" && len(as) == 1:
		return as[0], nil
	}
	return "", fmt.Errorf("ends in %s, and what is written to it is %s", end, strings.Join(as, " or "))
}

// Says is the format that a name says; "" = none.
func Says(path string) string { return formats[End(path)] }

// End is what a name ends in, in small letters, as .json; "" = in nothing that could be a format: a date or a number
// is none, and nor is the name of a hidden file.
func End(path string) string {
	end := strings.ToLower(filepath.Ext(strings.TrimLeft(filepath.Base(path), ".")))
	if strings.Trim(end, ".0123456789-_") == "" {
		return ""
	}
	return end
}

// Same reports whether two names lead to one regular file, which need not be there yet: by another spelling, or a link.
// Two that lead to one device or pipe are no trouble.
func Same(a, b string) bool {
	one, err := os.Stat(a)
	other, missing := os.Stat(b)
	if err == nil && missing == nil {
		return os.SameFile(one, other) && one.Mode().IsRegular()
	}
	return err != nil && missing != nil && place(a) == place(b)
}

// place is where path leads in the end, with a folder that has one name.
func place(path string) string {
	path = Target(path)
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return filepath.Clean(path)
}

// Folder makes a folder, with its parents. unmake removes those that it made, as far as they are empty.
func Folder(dir string) (unmake func(), err error) {
	var made []string
	for at := filepath.Clean(dir); len(made) < 100; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		made = append(made, at)
	}
	unmake = func() {
		for _, path := range made {
			os.Remove(path) // removes no folder with something in it
		}
	}
	if err = os.MkdirAll(dir, 0o700); err != nil {
		unmake()
	}
	return unmake, err
}

// Target is where path leads in the end, also when nothing is there yet.
func Target(path string) string {
	for range 40 { // more links than any system follows
		next, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return path
}
