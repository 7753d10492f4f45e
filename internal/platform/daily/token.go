package daily

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"rtcbench/bench"
)

// Refuses says why nothing can be measured by audio with a meeting token, as far as the token itself tells; "" =
// nothing speaks against it. Where the token leaves a right open, the room decides. Whether the token is valid at all,
// Daily decides. The claims have the short names of
// https://docs.daily.co/reference/rest-api/meeting-tokens/self-signing-tokens, whoever made the token.
func Refuses(token string, class bench.TransportClass) string {
	if class != bench.RTPAudio && class != bench.Turn {
		return ""
	}
	var claims struct {
		May struct {
			Send    any `json:"cs"` // true, false, or kinds of media: "v,a"
			Receive struct {
				Base any            `json:"b"` // true, false, or {"a": false}
				User map[string]any `json:"u"` // for some participants it is otherwise …
				Some map[string]any `json:"p"`
			} `json:"cr"`
		} `json:"p"`
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	json.Unmarshal(data, &claims) // what is of another kind than we know says nothing
	hears := claims.May.Receive
	switch {
	case !allows(claims.May.Send):
		return "it may not send audio (canSend is without it)"
	case !allows(hears.Base) && len(hears.User)+len(hears.Some) == 0:
		return "it may not hear audio (canReceive is without it)"
	}
	return ""
}

// allows reports whether a permission leaves audio open.
func allows(permission any) bool {
	switch p := permission.(type) {
	case bool:
		return p
	case string:
		return slices.Contains(strings.Split(strings.ReplaceAll(p, " ", ""), ","), "a")
	case map[string]any:
		return p["a"] != false
	}
	return true
}
