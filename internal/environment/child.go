package environment

import (
	"runtime"
	"slices"
)

// plain are the variables that any program gets from ours: where programs, libraries and fonts are, and how to write
// times and numbers.
var plain = []string{
	"PATH", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "TZ", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE",
	"LC_TIME", "LC_NUMERIC", "TMPDIR", "TMP", "TEMP",
}

// onWindows are those that a program needs there to start at all.
var onWindows = []string{"SystemRoot", "SystemDrive", "windir", "ComSpec", "PATHEXT", "ProgramFiles",
	"ProgramFiles(x86)", "ProgramData", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"}

// Desktop are the variables by which a program finds a person's desktop, and the browser that runs on it.
var Desktop = []string{
	"HOME", "USER", "LOGNAME", "SHELL", "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY",
	"DBUS_SESSION_BUS_ADDRESS", "BROWSER", "DESKTOP_SESSION", "GNOME_DESKTOP_SESSION_ID", "KDE_FULL_SESSION",
	"KDE_SESSION_VERSION", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_CACHE_HOME", "XDG_CURRENT_DESKTOP",
	"XDG_DATA_HOME", "XDG_DATA_DIRS", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE", "XDG_STATE_HOME", "SNAP",
	"FLATPAK_ID", "WSL_DISTRO_NAME", "WSL_INTEROP", "WSLENV", "USERPROFILE", "USERNAME", "APPDATA",
	"LOCALAPPDATA", "__CF_USER_TEXT_ENCODING",
}

// Of are the variables that another program gets, as exec.Cmd takes them: those that any program may need, and names,
// as far as they are set. No other one is passed on, for many hold secrets.
func (e Environment) Of(names ...string) []string {
	list := []string{} // nil would be all
	all := slices.Concat(plain, names)
	if runtime.GOOS == "windows" {
		all = append(all, onWindows...)
	}
	for _, name := range all {
		if value, set := e.Lookup(name); set {
			list = append(list, name+"="+value)
		}
	}
	return list
}
