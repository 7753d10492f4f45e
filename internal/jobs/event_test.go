package jobs

import "testing"

// TestAnEventIsText: an event that a reader of JSON would silently change is refused, wherever that stands, and one
// that has such characters whole is not.
func TestAnEventIsText(t *testing.T) {
	for event, ok := range map[string]bool{
		`{"location": "z\u00fcrich", "room": "\ud83d\ude00 \\ud83d"}`:  true,
		"{\"location\": \"zürich\"}":                                   true,
		"{\"location\": \"z\xfcrich\"}":                                false,
		"{\"z\xfcrich\": 1}":                                           false,
		"{\"detail-type\": \"x\", \"detail\": {\"room\": [\"\xff\"]}}": false,
		`{"location": "\ud83d"}`:                                       false,
		`{"location": "\ude00\ud83d"}`:                                 false,
		"\xff\xfe{\x00}\x00":                                           false,
	} {
		if _, err := Event([]byte(event), "livekit"); (err == nil) != ok {
			t.Errorf("%q: %v", event, err)
		}
	}
}
