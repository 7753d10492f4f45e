package livekit

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/livekit/protocol/auth"
)

// Key is what tokens are minted with.
type Key struct{ Key, Secret string }

// Mint makes a token for one room and one identity that may exchange data and nothing else.
func (k Key) Mint(room, identity string, life time.Duration) (string, error) {
	no, yes := false, true
	grant := &auth.VideoGrant{RoomJoin: true, Room: room, CanPublish: &no, CanPublishData: &yes, CanSubscribe: &yes}
	// CanSubscribe: without it the server opens no data channel towards us.
	token, err := auth.NewAccessToken(k.Key, k.Secret).SetVideoGrant(grant).SetIdentity(identity).SetValidFor(life).ToJWT()
	if err != nil {
		return "", fmt.Errorf("mint a token for room %q: %w", room, err)
	}
	return token, nil
}

// Doubts says what looks wrong with a token, without knowing its secret: the server is the
// judge, and is asked all the same.
func Doubts(token string, now time.Time) (list []string) {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		return []string{"it is no JWT"}
	}
	if exp, err := claims.GetExpirationTime(); err == nil && exp != nil && now.After(exp.Time) {
		list = append(list, "it expired at "+exp.UTC().Format(time.RFC3339))
	}
	if nbf, err := claims.GetNotBefore(); err == nil && nbf != nil && now.Before(nbf.Time) {
		list = append(list, "it is not valid before "+nbf.UTC().Format(time.RFC3339))
	}
	video, _ := claims["video"].(map[string]any)
	if join, _ := video["roomJoin"].(bool); !join {
		list = append(list, "it grants no room")
	}
	return list
}
