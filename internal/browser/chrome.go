package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// ErrNoChrome means that no Chromium or Chrome was found.
var ErrNoChrome = errors.New("no Chromium or Chrome found")

// find returns the program to start: the one that was named, or the first of the usual ones.
func find(named string) (string, error) {
	if named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("%w at %q", ErrNoChrome, named)
		}
		return path, nil
	}
	for _, name := range usual(runtime.GOOS) {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w (%s, or name one with --chrome-path or CHROME_PATH)", ErrNoChrome, advice(runtime.GOOS))
}

func usual(system string) []string {
	switch system {
	case "darwin":
		return []string{
			"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
			"google-chrome", "chromium",
		}
	case "windows":
		var list []string
		for _, root := range []string{"ProgramFiles", "ProgramFiles(x86)", "LocalAppData"} {
			if dir := os.Getenv(root); dir != "" {
				list = append(list, filepath.Join(dir, `Google\Chrome\Application\chrome.exe`), filepath.Join(dir, `Chromium\Application\chrome.exe`))
			}
		}
		return append(list, "chrome", "chromium")
	}
	return []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless-shell", "/snap/bin/chromium"}
}

func advice(system string) string {
	switch system {
	case "darwin":
		return "install it: brew install --cask chromium"
	case "windows":
		return "install it: winget install Google.Chrome"
	}
	return "install it: apt-get install chromium"
}
