package livekit

import (
	"context"
	"fmt"
	"strings"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"

	"rtcbench/bench"
)

// DeleteRoom ends a room on the server, and puts out whoever is in it. A room that is gone already is no error.
func (k Key) DeleteRoom(ctx context.Context, serverURL, name string) error {
	a, err := k.api(serverURL, auth.VideoGrant{RoomCreate: true})
	if err != nil {
		return err
	}
	_, err = a.rooms().DeleteRoom(ctx, &livekit.DeleteRoomRequest{Room: name})
	if err == nil || isGone(err) {
		return nil
	}
	return fmt.Errorf("delete LiveKit room %q: %w", name, a.refusal(err))
}

// Rooms names the server's rooms whose names begin with prefix. There may be nobody in a room.
func (k Key) Rooms(ctx context.Context, serverURL, prefix string) (names []string, err error) {
	a, err := k.api(serverURL, auth.VideoGrant{RoomList: true})
	if err != nil {
		return nil, err
	}
	answer, err := a.rooms().ListRooms(ctx, &livekit.ListRoomsRequest{})
	if err != nil {
		return nil, fmt.Errorf("list the rooms of %s: %w", serverURL, a.refusal(err))
	}
	for _, r := range answer.Rooms {
		if strings.HasPrefix(r.Name, prefix) {
			names = append(names, r.Name)
		}
	}
	return names, nil
}

// Participants are the identities of the participants of a room that may ping or answer: those that are there to record
// are left out. A room that is gone has none.
func (k Key) Participants(ctx context.Context, serverURL, room string) (identities []string, err error) {
	a, err := k.api(serverURL, auth.VideoGrant{RoomAdmin: true, Room: room})
	if err != nil {
		return nil, err
	}
	answer, err := a.rooms().ListParticipants(ctx, &livekit.ListParticipantsRequest{Room: room})
	switch {
	case err != nil && isGone(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("list the participants of LiveKit room %q: %w", room, a.refusal(err))
	}
	for _, p := range answer.Participants {
		if p.Kind != livekit.ParticipantInfo_EGRESS && p.State != livekit.ParticipantInfo_DISCONNECTED {
			identities = append(identities, p.Identity)
		}
	}
	return identities, nil
}

// Others is how many participants are in the room beside this one.
func (s *session) Others() int { return len(s.room.GetRemoteParticipants()) }

// Present are the identities of the participants beside this one, as far as the server has told.
func (s *session) Present() (identities []string) {
	for _, p := range s.room.GetRemoteParticipants() {
		identities = append(identities, p.Identity())
	}
	return identities
}

// roomsOf are the rooms of a server.
type roomsOf bench.Place

// Named implements bench.Rooms.
func (r roomsOf) Named(ctx context.Context, prefix string) ([]string, error) {
	return Key{Key: r.Key, Secret: r.Secret}.Rooms(ctx, r.URL, prefix)
}

// Present implements bench.Rooms.
func (r roomsOf) Present(ctx context.Context, room string) ([]string, error) {
	return Key{Key: r.Key, Secret: r.Secret}.Participants(ctx, r.URL, room)
}
