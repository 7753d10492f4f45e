package browser

import (
	"net/url"
	"path/filepath"
	"runtime"
	"strings"

	"rtcbench/internal/environment"
)

// proxyVariables are the variables that name the browser's proxies, in the two spellings that Chromium knows.
var proxyVariables = []string{"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
	"ALL_PROXY", "NO_PROXY"}

// makers are hosts that full Chromium asks by itself, for some of them past its rules for requests. These hosts are
// excepted from the proxy, so Chromium looks their names up and does not find them: see reach.
const makers = ".google.com,.googleapis.com,.gstatic.com,.gvt1.com,.gvt2.com,.googleusercontent.com,.chrome.com"

// variables are the environment of Chromium: some of our variables by name, and a home inside Chromium's scratch
// folder. What Chromium and its libraries write for a user (crash reports, settings, caches) is removed with that
// folder.
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

// withoutUser is a proxy's address without the name and the password. Chromium does not take these from an address.
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
