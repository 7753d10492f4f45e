package result

import "unicode/utf8"

// Split cuts s into pieces of at most size bytes, never within a character: what a store with short fields can take.
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
