// Package environment is what the variables of a process say. The command line alone reads those of this process, and
// gives them as one value to whoever needs one.
package environment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Environment finds a variable by its name, as os.LookupEnv does. A nil one has no variables.
type Environment func(name string) (value string, set bool)

// Setter sets a variable, as os.Setenv does.
type Setter func(name, value string) error

// Lookup is the value of a variable, and whether it is set.
func (e Environment) Lookup(name string) (value string, set bool) {
	if e == nil {
		return "", false
	}
	return e(name)
}

// Get is the value of a variable; "" = it is empty, or not set.
func (e Environment) Get(name string) string {
	value, _ := e.Lookup(name)
	return value
}

// home is the folder of this user.
func (e Environment) home() (string, error) {
	name := "HOME"
	if runtime.GOOS == "windows" {
		name = "USERPROFILE"
	}
	home := e.Get(name)
	switch info, gone := os.Stat(home); {
	case home == "":
		return "", errors.New("$" + name + " is not defined")
	case home == "/" || gone != nil || !info.IsDir():
		return home, fmt.Errorf("%s is %s", name, home)
	}
	return home, nil
}

// DataFolder is the folder for data of this user (XDG Base Directory Specification; Apple's and Microsoft's equals). A
// service of the system has no home; systemd gives it a folder of its own, if its unit asks for one (StateDirectory=,
// systemd.exec(5)).
func (e Environment) DataFolder() (string, error) {
	home, err := e.home()
	state, _, _ := strings.Cut(e.Get("STATE_DIRECTORY"), ":") // one for each that the unit names
	switch {
	case runtime.GOOS == "windows" && e.Get("LocalAppData") != "":
		return filepath.Join(e.Get("LocalAppData"), "rtcbench"), nil
	case filepath.IsAbs(e.Get("XDG_DATA_HOME")):
		return filepath.Join(e.Get("XDG_DATA_HOME"), "rtcbench"), nil
	case err != nil && filepath.IsAbs(state):
		return state, nil
	case runtime.GOOS == "darwin" && err == nil:
		return filepath.Join(home, "Library", "Application Support", "rtcbench"), nil
	}
	return filepath.Join(home, ".local", "share", "rtcbench"), err
}

// CacheFolder is the folder of this user for what can be made again.
func (e Environment) CacheFolder() (string, error) {
	home, err := e.home()
	switch {
	case runtime.GOOS == "windows" && e.Get("LocalAppData") != "":
		return filepath.Join(e.Get("LocalAppData"), "rtcbench"), nil
	case filepath.IsAbs(e.Get("XDG_CACHE_HOME")):
		return filepath.Join(e.Get("XDG_CACHE_HOME"), "rtcbench"), nil
	case runtime.GOOS == "darwin" && err == nil:
		return filepath.Join(home, "Library", "Caches", "rtcbench"), nil
	}
	return filepath.Join(home, ".cache", "rtcbench"), err
}
