package environment

import (
	"path/filepath"
	"testing"
)

// TestFolders: where runs and floors are kept, for a user, for a service of the system, and for who has no home.
func TestFolders(t *testing.T) {
	home := t.TempDir()
	for _, c := range []struct {
		variables   map[string]string
		data, cache string // "" = there is none
	}{
		{map[string]string{"HOME": home}, home + "/.local/share/rtcbench", home + "/.cache/rtcbench"},
		{map[string]string{"HOME": home, "XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": "/c"}, "/d/rtcbench", "/c/rtcbench"},
		{map[string]string{"HOME": home, "XDG_DATA_HOME": "here"}, home + "/.local/share/rtcbench", home +
			"/.cache/rtcbench"},
		{map[string]string{"HOME": home, "STATE_DIRECTORY": "/var/lib/x"}, home + "/.local/share/rtcbench", home +
			"/.cache/rtcbench"},
		{map[string]string{"HOME": "/", "STATE_DIRECTORY": "/var/lib/x:/var/lib/y"}, "/var/lib/x", ""},
		{map[string]string{"HOME": filepath.Join(home, "gone")}, "", ""},
		{nil, "", ""},
	} {
		e := Environment(func(name string) (string, bool) { v, set := c.variables[name]; return v, set })
		data, err := e.DataFolder()
		if (err != nil) != (c.data == "") || err == nil && data != c.data {
			t.Errorf("%v: data in %q (%v), want %q", c.variables, data, err, c.data)
		}
		cache, err := e.CacheFolder()
		if (err != nil) != (c.cache == "") || err == nil && cache != c.cache {
			t.Errorf("%v: cache in %q (%v), want %q", c.variables, cache, err, c.cache)
		}
	}
	if _, err := Environment(nil).DataFolder(); err == nil {
		t.Error("who has no environment has a home")
	}
}
