package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// DataFolder is the folder for data of this user (XDG Base Directory Specification; Apple's and Microsoft's equals). A
// service of the system has no home; systemd gives it a folder of its own, if its unit asks for one (StateDirectory=,
// systemd.exec(5)).
func DataFolder() (string, error) {
	home, err := os.UserHomeDir()
	if info, gone := os.Stat(home); err == nil && (home == "/" || gone != nil || !info.IsDir()) {
		err = fmt.Errorf("HOME is %s", home)
	}
	state, _, _ := strings.Cut(os.Getenv("STATE_DIRECTORY"), ":") // one for each that the unit names
	switch {
	case runtime.GOOS == "windows" && os.Getenv("LocalAppData") != "":
		return filepath.Join(os.Getenv("LocalAppData"), "rtcbench"), nil
	case filepath.IsAbs(os.Getenv("XDG_DATA_HOME")):
		return filepath.Join(os.Getenv("XDG_DATA_HOME"), "rtcbench"), nil
	case err != nil && filepath.IsAbs(state):
		return state, nil
	case runtime.GOOS == "darwin" && err == nil:
		return filepath.Join(home, "Library", "Application Support", "rtcbench"), nil
	}
	return filepath.Join(home, ".local", "share", "rtcbench"), err
}
