package livekit

import (
	"context"
	"errors"
	"fmt"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/twitchtv/twirp"
)

// DeleteRoom ends a room on the server, and puts out whoever is in it. One that is gone already is no error.
func (k Key) DeleteRoom(ctx context.Context, serverURL, name string) error {
	_, err := lksdk.NewRoomServiceClient(serverURL, k.Key, k.Secret).DeleteRoom(ctx, &livekit.DeleteRoomRequest{Room: name})
	var refused twirp.Error
	if errors.As(err, &refused) && refused.Code() == twirp.NotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete LiveKit room %q: %w", name, err)
	}
	return nil
}

// Others is how many participants are in the room beside this one.
func (s *session) Others() int { return len(s.room.GetRemoteParticipants()) }
