package livekit

import (
	"fmt"
	"time"

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
