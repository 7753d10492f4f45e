package redact_test

import (
	"strings"
	"testing"

	"rtcbench/internal/redact"
)

// A secret in a file that is no place for one is not in what an error shows of the file; other words are.
func TestWords(t *testing.T) {
	const secret = "q8RkT0pWzXvY2nLbJ4hGfD6sA1cE3uIoM5yK7wQ9"
	for _, text := range []string{secret, "say " + secret, `"` + secret + `"`, secret + ": 1", "(" + secret + ")"} {
		if got := redact.Words(text); strings.Contains(got, secret) || !strings.Contains(got, "40 characters") {
			t.Errorf("%s: %s", text, got)
		}
	}
	for _, text := range []string{"wait for reply", "5", "asymmetric-dsl", "01a217ad-7a35-7df3-857a-820f22303b18"} {
		if got := redact.Words(text); got != text {
			t.Errorf("%s: %s", text, got)
		}
	}
}
