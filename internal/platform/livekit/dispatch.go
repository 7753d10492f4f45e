package livekit

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
)

// Dispatch is the server's order to send a named agent into a room. It stays until Delete, or until the room ends.
// https://docs.livekit.io/agents/server/agent-dispatch/#explicit
type Dispatch struct {
	key             Key
	server          string
	room, agent, id string
}

// Dispatch sends the agent that is registered under a name into a room. It makes the room if there is none, so that it
// also works with room.auto_create: false. The server takes an order for an agent that is not registered, too: Fate
// tells whether an agent took it.
func (k Key) Dispatch(ctx context.Context, serverURL, room, agent string) (*Dispatch, error) {
	a, err := k.api(serverURL, auth.VideoGrant{RoomCreate: true, RoomAdmin: true, Room: room})
	if err != nil {
		return nil, err
	}
	made, err := a.rooms().CreateRoom(ctx, &livekit.CreateRoomRequest{Name: room})
	if err == nil && made.Name != room {
		err = errNothing
	}
	if err != nil {
		return nil, fmt.Errorf("make LiveKit room %q for agent %q: %w", room, agent, a.refusal(err))
	}
	order, err := a.dispatches().CreateDispatch(ctx, &livekit.CreateAgentDispatchRequest{Room: room, AgentName: agent})
	if err == nil && (order.Id == "" || order.AgentName != agent) {
		err = errNothing
	}
	if err != nil {
		return nil, fmt.Errorf("dispatch agent %q into LiveKit room %q: %w", agent, room, a.refusal(err))
	}
	return &Dispatch{key: k, server: serverURL, room: room, agent: agent, id: order.Id}, nil
}

// api makes an api with the right to the orders of the room.
func (d *Dispatch) api() (*api, error) {
	return d.key.api(d.server, auth.VideoGrant{RoomAdmin: true, Room: d.room})
}

// order is what the server knows of the dispatch.
func (d *Dispatch) order(ctx context.Context) (*livekit.AgentDispatch, error) {
	a, err := d.api()
	if err != nil {
		return nil, err
	}
	list, err := a.dispatches().ListDispatch(ctx, &livekit.ListAgentDispatchRequest{DispatchId: d.id, Room: d.room})
	if err != nil {
		return nil, a.refusal(err)
	}
	for _, order := range list.AgentDispatches {
		if order.Id == d.id {
			return order, nil
		}
	}
	return nil, errNothing
}

// Fate says in words what became of the order, for an agent that does not answer, and what to check. at is the rest of
// the sentence for an agent that is at work.
func (d *Dispatch) Fate(ctx context.Context, at string) string {
	order, err := d.order(ctx)
	if err != nil {
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
		return fmt.Sprintf("agent %q took the job as %.80q and %s", d.agent, who, at)
	}
	return fmt.Sprintf("no worker took the job of agent %q: is one registered under that very name, at this server, "+
		"for the project of this API key, and is it free?", d.agent)
}

// Delete takes the order back, which ends the agent's job. One that is gone already, with its room, is no error.
func (d *Dispatch) Delete(ctx context.Context) error {
	a, err := d.api()
	if err != nil {
		return err
	}
	_, err = a.dispatches().DeleteDispatch(ctx, &livekit.DeleteAgentDispatchRequest{Room: d.room, DispatchId: d.id})
	if err == nil || isGone(err) {
		return nil
	}
	return fmt.Errorf("delete the dispatch of agent %q from LiveKit room %q: %w", d.agent, d.room, a.refusal(err))
}
