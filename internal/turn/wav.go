package turn

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// isWAV reports whether a file says that it is WAV.
func isWAV(file []byte) bool { return bytes.HasPrefix(file, []byte("RIFF")) }

// unknownSize is the size that a WAV file has that was written to a pipe: its sound ends with the file.
const unknownSize = math.MaxUint32

// whole finds out whether all of a WAV file is there. An encoder does not ask that, and encodes what there is. A file
// that was cut off would be said without its end, and the turn would begin at the cut.
func whole(file []byte) error {
	if len(file) < 12 || string(file[8:12]) != "WAVE" {
		return errors.New("it begins with RIFF, but is no WAV file")
	}
	size := func(at int) int { return int(binary.LittleEndian.Uint32(file[at:])) }
	end := 8 + size(4)
	if size(4) == unknownSize {
		end = len(file)
	}
	if end > len(file) {
		return fmt.Errorf("it is cut off: its header says %d bytes, and it has %d", end, len(file))
	}
	format := false
	for at := 12; at+8 <= len(file); {
		kind, from, n := string(file[at:at+4]), at+8, size(at+4)
		switch {
		case kind == "data" && !format:
			return errors.New("its sound comes before the format of it")
		case kind == "data" && n == unknownSize:
			n = len(file) - from
		case kind == "data" && n == 0:
			return errors.New("there is no sound in it: its header was never finished, or nothing was recorded")
		}
		switch {
		case from+n > len(file):
			return fmt.Errorf("it is cut off: its part %q says %d bytes, and %d are there", kind, n, len(file)-from)
		case from+n > end:
			return fmt.Errorf("its header says %d bytes, and its part %q ends after %d", end, kind, from+n)
		case kind == "data":
			return nil
		}
		format = format || kind == "fmt "
		at = from + n + n%2
	}
	return errors.New("there is no sound in it: a part \"data\" is missing")
}

// wholeOgg finds out whether all pages of an Ogg file are there (RFC 3533 §6): the last page is marked as the last.
func wholeOgg(file []byte) error {
	const header, flags, segments, last = 27, 5, 26, 4
	ended := false
	for page := 1; len(file) > 0; page++ {
		size := header
		if len(file) >= header {
			size += int(file[segments])
		}
		for _, n := range file[min(header, len(file)):min(size, len(file))] {
			size += int(n)
		}
		switch {
		case !bytes.HasPrefix(file, []byte("OggS")):
			return fmt.Errorf("it is damaged: its page %d is none", page)
		case size > len(file):
			return fmt.Errorf("it is cut off in its page %d", page)
		}
		ended = file[flags]&last != 0
		file = file[size:]
	}
	if !ended {
		return errors.New("it is cut off: its last page is not marked as the end")
	}
	return nil
}
