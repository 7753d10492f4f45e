package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheDesktopGetsNoSecrets: the program that opens the page gets what it needs to find a browser, and none of the
// variables that hold secrets.
func TestTheDesktopGetsNoSecrets(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\n{ echo \"$1\"; env; } >'" + dir + "/part' && mv '" + dir + "/part' '" + dir + "/told'\n"
	if err := os.WriteFile(filepath.Join(dir, "xdg-open"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("DISPLAY", ":7")
	for _, name := range []string{"LIVEKIT_API_SECRET", "AWS_SESSION_TOKEN", "RTCBENCH_ADMIN_TOKEN", "PGPASSWORD"} {
		t.Setenv(name, "hush-hush")
	}
	open("http://127.0.0.1:7788/")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		told, err := os.ReadFile(filepath.Join(dir, "told"))
		switch text := string(told); {
		case err != nil && time.Now().Before(deadline):
			continue
		case !strings.HasPrefix(text, "http://127.0.0.1:7788/\n") || !strings.Contains(text, "\nDISPLAY=:7\n"):
			t.Errorf("%v: %q", err, text)
		case strings.Contains(text, "hush-hush"):
			t.Errorf("a secret is in %q", text)
		}
		return
	}
}
