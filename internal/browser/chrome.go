package browser

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"rtcbench/internal/environment"
)

// ErrNoChrome means that no Chromium or Chrome was found.
var ErrNoChrome = errors.New("no Chromium or Chrome found")

// find returns the program to start: the one that was named, or the first of the usual ones.
func find(named string, e environment.Environment) (string, error) {
	return findAmong(named, usual(runtime.GOOS, e))
}

func findAmong(named string, list []string) (string, error) {
	if named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("%w at %q", ErrNoChrome, named)
		}
		return path, nil
	}
	for _, name := range list {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w (%s, or name one with %s)", ErrNoChrome, wayOut(runtime.GOOS), naming)
}

// naming is how the user chooses the program.
const naming = "--chrome-path or CHROME_PATH"

// usual are the programs that are looked for, the best first. A headless shell is Chromium without what a window needs:
// it starts in a fraction of the time and makes no connections of its own. Debian's own command for Chromium is a shell
// script that stays between us and the browser.
func usual(system string, e environment.Environment) []string {
	switch system {
	case "darwin":
		return []string{
			"chrome-headless-shell",
			"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
			"/Applications/Chromium.app/Contents/MacOS/Chromium",
			"google-chrome", "chromium",
		}
	case "windows":
		list := []string{"chrome-headless-shell"}
		for _, root := range []string{"ProgramFiles", "ProgramFiles(x86)", "LocalAppData"} {
			if dir := e.Get(root); dir != "" {
				list = append(list, filepath.Join(dir, `Google\Chrome\Application\chrome.exe`),
					filepath.Join(dir, `Chromium\Application\chrome.exe`))
			}
		}
		return append(list, "chrome", "chromium")
	}
	return []string{
		"/usr/lib/chromium/chromium-headless-shell", "chromium-headless-shell", "chrome-headless-shell",
		"headless-shell", "headless_shell",
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "/snap/bin/chromium",
	}
}

// isShell reports whether a program is a headless shell, by its name.
func isShell(path string) bool {
	name := strings.TrimSuffix(filepath.Base(path), ".exe")
	return strings.HasSuffix(name, "headless-shell") || strings.HasSuffix(name, "headless_shell")
}

func wayOut(system string) string {
	switch system {
	case "darwin":
		return "install it: brew install --cask chromium"
	case "windows":
		return "install it: winget install Google.Chrome"
	}
	return "install it: apt-get install chromium-headless-shell, or chromium where there is no such package"
}
