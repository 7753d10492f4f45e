package result

import "unicode/utf8"

// Split cuts s into pieces of at most size bytes, for stores with short fields. It does not cut within a character.
func Split(s string, size int) (pieces []string) {
	for len(s) > size {
		n := size
		for !utf8.RuneStart(s[n]) {
			n--
		}
		pieces, s = append(pieces, s[:n]), s[n:]
	}
	if s != "" {
		pieces = append(pieces, s)
	}
	return pieces
}
