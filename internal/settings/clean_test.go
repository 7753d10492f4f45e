package settings

import "testing"

// What Amazon's SDK reads by itself is cleaned too.
func TestCredentialsForSDKs(t *testing.T) {
	env := map[string]string{}
	for _, name := range awsCredentials {
		env[name] = "'a/b+c='\r\n"
	}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	CleanForSDKs(lookup, func(name, value string) error { env[name] = value; return nil })
	for name, v := range env {
		if v != "a/b+c=" {
			t.Errorf("%s is %q", name, v)
		}
	}
}
