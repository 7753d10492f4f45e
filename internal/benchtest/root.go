package benchtest

import (
	"os"
	"testing"
)

// NeedsRoot skips a test that this user cannot run, and says what it would prove. CI skips nothing: there it fails.
func NeedsRoot(t *testing.T, proves string) {
	t.Helper()
	if os.Getuid() != 0 {
		Lacks(t, "root, which it needs to prove that "+proves)
	}
}

// Lacks skips a test for want of something; in CI it fails.
func Lacks(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal("CI must run this test, and lacks " + what)
	}
	t.Skip("SKIPPED for want of " + what)
}
