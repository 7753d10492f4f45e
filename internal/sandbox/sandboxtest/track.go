package sandboxtest

import (
	"context"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

// Track waits until the server's API tells of one track, and no more, of somebody in a room, and gives that track's
// identifier. Whoever publishes knows the track earlier than the API does: by how much, the machine's load decides.
func (s *Server) Track(t testing.TB, room, identity string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), startTimeout)
	defer stop()
	api := lksdk.NewRoomServiceClient(s.URL, s.Key, s.Secret)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		who, err := api.GetParticipant(ctx, &livekit.RoomParticipantIdentity{Room: room, Identity: identity})
		if err == nil && len(who.Tracks) == 1 {
			return who.Tracks[0].Sid
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the server never told of one track of %s in %s: %v, %v", identity, room, who, err)
		}
	}
}
