package result

import (
	"strings"
	"testing"
)

// A secret that stands as a key in a file is not in the error, in whatever way the file is broken.
func TestASecretAsAKey(t *testing.T) {
	const secret = "q8RkT0pWzXvY2nLbJ4hGfD6sA1cE3uIo"
	for _, text := range []string{`{"` + secret + `":}`, `{"platform": "livekit", "metadata": {"` + secret + `": 1`,
		`{"details": {"` + secret + `": NaN}}`, `{"a": {"` + secret + `": [1, x]}}`} {
		found := false
		for _, err := range Decode(strings.NewReader(text)) {
			if found = found || err != nil; err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", text, err)
			}
		}
		if !found {
			t.Errorf("%s is read", text)
		}
	}
}
