package result

import (
	"strings"
	"testing"
)

// TestSplit: no piece is longer than a field, none breaks a character, and together they are what there was.
func TestSplit(t *testing.T) {
	for _, text := range []string{"", "a", strings.Repeat("aé日𝄞", 700), strings.Repeat("x", 2000)} {
		pieces := Split(text, 97)
		if strings.Join(pieces, "") != text {
			t.Errorf("%.20q is not what it was", text)
		}
		for _, p := range pieces {
			if len(p) == 0 || len(p) > 97 || strings.ToValidUTF8(p, "") != p {
				t.Errorf("a piece is %q", p)
			}
		}
	}
}
