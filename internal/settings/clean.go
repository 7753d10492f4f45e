package settings

import (
	"strings"
	"unicode"
)

// Clean takes away what nobody meant at the ends of a value: the newline of a file, the carriage return of another
// system, spaces, and marks that are not seen. What is inside stays. Every value of a flag goes through it, wherever
// it comes from: command line, environment, .env, a file of jobs, an event.
func Clean(value string) string {
	return strings.TrimFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unseen[r] })
}

// unseen are a byte order mark, and spaces and joiners without width.
var unseen = map[rune]bool{'\ufeff': true, '\u200b': true, '\u200c': true, '\u200d': true, '\u2060': true}

// Unquoted is a value of the environment without the quotes around it, which docker --env-file and others keep.
func Unquoted(value string) string {
	v := Clean(value)
	if n := len(v); n > 1 && v[0] == v[n-1] && (v[0] == '"' || v[0] == '\'') {
		return v[1 : n-1]
	}
	return v
}

// awsCredentials are what Amazon's SDK reads from the environment by itself.
var awsCredentials = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION",
	"AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"}

// CleanForSDKs cleans what others than flags read.
func CleanForSDKs(lookup func(string) (string, bool), set func(name, value string) error) {
	for _, name := range awsCredentials {
		if old, ok := lookup(name); ok {
			if v := Clean(Unquoted(old)); v != old {
				set(name, v)
			}
		}
	}
}
