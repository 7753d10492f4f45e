package livekit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/twitchtv/twirp"

	"rtcbench/internal/advice"
)

// Dispatch is the server's order to send a named agent into a room. It stays until Delete, or until the room ends.
// https://docs.livekit.io/agents/server/agent-dispatch/#explicit
type Dispatch struct {
	key             Key
	server          string
	room, agent, id string
}

// Dispatch sends the agent that is registered under a name into a room, and makes the room where it is not there: so it
// works also with room.auto_create: false. The server takes an order for an agent that is not registered, too: Fate
// tells.
func (k Key) Dispatch(ctx context.Context, serverURL, room, agent string) (*Dispatch, error) {
	if _, err := k.rooms(serverURL).CreateRoom(ctx, &livekit.CreateRoomRequest{Name: room}); err != nil {
		return nil, fmt.Errorf("make LiveKit room %q for agent %q: %w", room, agent, refusal(err))
	}
	order, err := k.dispatches(serverURL).CreateDispatch(ctx, &livekit.CreateAgentDispatchRequest{
		Room: room, AgentName: agent,
	})
	if err != nil {
		return nil, fmt.Errorf("dispatch agent %q into LiveKit room %q: %w", agent, room, refusal(err))
	}
	return &Dispatch{key: k, server: serverURL, room: room, agent: agent, id: order.Id}, nil
}

func (k Key) dispatches(serverURL string) *lksdk.AgentDispatchClient {
	return lksdk.NewAgentDispatchServiceClient(serverURL, k.Key, k.Secret)
}

// Fate says in words what became of the order, for an agent that is not heard, and what to check.
func (d *Dispatch) Fate(ctx context.Context) string {
	order, err := d.key.dispatches(d.server).GetDispatch(ctx, d.id, d.room)
	if err != nil || order == nil {
		return fmt.Sprintf("agent %q was dispatched, and the server does not say what became of it", d.agent)
	}
	for _, job := range order.GetState().GetJobs() {
		state := job.GetState()
		who := cmp.Or(state.GetParticipantIdentity(), job.GetId())
		switch state.GetStatus() {
		case livekit.JobStatus_JS_FAILED:
			why := strings.Join(strings.Fields(state.GetError()), " ")
			return fmt.Sprintf("agent %q took the job and failed as %.80q: %.200s; see the agent's log",
				d.agent, who, cmp.Or(why, "it says no reason"))
		case livekit.JobStatus_JS_SUCCESS:
			return fmt.Sprintf("agent %q took the job and ended it as %.80q before it answered; see the agent's log",
				d.agent, who)
		}
		return fmt.Sprintf("agent %q took the job as %.80q and answers no ping: is it an echo, and does it join in time? "+
			"--echo-timeout waits longer", d.agent, who)
	}
	return fmt.Sprintf("no worker took the job of agent %q: is one registered under that very name, at this server, "+
		"for the project of this API key, and is it free?", d.agent)
}

// Delete takes the order back, which ends the agent's job. One that is gone already, with its room, is no error.
func (d *Dispatch) Delete(ctx context.Context) error {
	_, err := d.key.dispatches(d.server).DeleteDispatch(ctx, &livekit.DeleteAgentDispatchRequest{
		Room: d.room, DispatchId: d.id,
	})
	if err == nil || isGone(err) {
		return nil
	}
	return fmt.Errorf("delete the dispatch of agent %q from LiveKit room %q: %w", d.agent, d.room, refusal(err))
}

// isGone reports whether the server says that what was asked for is not there.
func isGone(err error) bool {
	var refused twirp.Error
	return errors.As(err, &refused) && refused.Code() == twirp.NotFound
}

// refusal is an error of the server's API in one line: what the server said or, where nothing came from a server, why,
// with a way out. It holds no URL of the SDK's own making.
func refusal(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		return fmt.Errorf("%w%s", request.Err, advice.Of(request.Err))
	}
	var refused twirp.Error
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code() {
	case twirp.Unauthenticated, twirp.PermissionDenied:
		return fmt.Errorf("the server refuses the API key (%s: %s)", refused.Code(), refused.Msg())
	case twirp.BadRoute, twirp.Unimplemented:
		return fmt.Errorf("the server has no such API (%s: %s); is it a LiveKit server, and new enough?",
			refused.Code(), refused.Msg())
	}
	return fmt.Errorf("%s: %s", refused.Code(), refused.Msg())
}
