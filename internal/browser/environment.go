package browser

import (
	"net/url"
	"path/filepath"
	"runtime"
	"strings"

	"rtcbench/internal/environment"
)

// proxyVariables say through what the browser asks, in the two spellings that Chromium knows.
var proxyVariables = []string{"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
	"ALL_PROXY", "NO_PROXY"}

// makers are hosts that full Chromium asks by itself, some of them past its rules for requests. Not to go by the proxy
// means to look the name up, and that is not found: see reach.
const makers = ".google.com,.googleapis.com,.gstatic.com,.gvt1.com,.gvt2.com,.googleusercontent.com,.chrome.com"

// variables are Chromium's: named variables of ours, and a home inside its scratch folder. What Chromium and its
// libraries write for a user (crash reports, settings, caches) goes with that folder.
func variables(e environment.Environment, home string) []string {
	list, direct := e.Of("CHROME_DEVEL_SANDBOX"), makers
	for _, name := range proxyVariables {
		value := e.Get(name)
		switch {
		case value == "":
		case strings.EqualFold(name, "no_proxy"):
			direct = value + "," + direct
		default:
			list = append(list, name+"="+withoutUser(value))
		}
	}
	list = append(list, "no_proxy="+direct)
	list = append(list,
		"HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, ".config"), "XDG_CACHE_HOME="+
			filepath.Join(home, ".cache"), "XDG_DATA_HOME="+filepath.Join(home, ".local"),
		"XDG_RUNTIME_DIR="+home, "PULSE_RUNTIME_PATH="+filepath.Join(home, "pulse"),
		"DBUS_SESSION_BUS_ADDRESS=disabled:", // or its library starts a bus of its own
	)
	if runtime.GOOS == "windows" {
		list = append(list, "USERPROFILE="+home, "LOCALAPPDATA="+filepath.Join(home, "Local"),
			"APPDATA="+filepath.Join(home, "Roaming"))
	}
	return list
}

// withoutUser is a proxy's address without a name and a password, which Chromium does not take from there.
func withoutUser(proxy string) string {
	if proxy == "" {
		return ""
	}
	text := proxy
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return ""
	}
	if u.User == nil {
		return proxy
	}
	u.User = nil
	return u.String()
}
