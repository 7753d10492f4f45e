package daily

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/redact"
)

// usualOrder is the order to a starter where the user gives none: without it Pipecat Cloud makes no room.
const usualOrder = `{"createDailyRoom": true}`

// Start asks an agent's starter for a room with the agent in it. It asks only once, because each request may start an
// agent, which may cost money. A starter is asked by POST, as RTVI's clients ask Pipecat's starters, and names the room
// and a token for it. A redirect is not followed: it would take the starter's key, or the order, to a host that nobody
// named.
// https://docs.pipecat.ai/api-reference/pipecat-cloud/rest-reference/endpoint/start
func Start(ctx context.Context, s bench.Starter) (room, token string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL,
		bytes.NewReader([]byte(cmp.Or(s.Order, usualOrder))))
	if err != nil {
		return "", "", errors.New("the starter's URL cannot be asked")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if s.Token != "" {
		request.Header.Set("Authorization", "Bearer "+s.Token)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("ask the agent's starter at %s for a room: %w", request.URL.Host, err)
		}
	}()
	var steps advice.Steps
	request = request.WithContext(steps.Traced(ctx, request.URL.Scheme == "https", bench.StepAnswer, bench.StepRest))
	client := http.Client{Transport: transport, CheckRedirect: advice.NoRedirect}
	answer, err := client.Do(request)
	if err != nil {
		return "", "", unstarted(ctx, steps.Now(), err)
	}
	defer answer.Body.Close()
	body, err := advice.Body(answer, maxAnswer)
	if err != nil {
		return "", "", unstarted(ctx, steps.Now(), err)
	}
	if to := answer.Header.Get("Location"); answer.StatusCode/100 == 3 && to != "" {
		return "", "", sentOn(request.URL, answer.StatusCode, to)
	}
	if answer.StatusCode/100 != 2 {
		secrets := append(advice.OfURL(request.URL), s.Token, s.Order)
		refused := advice.Page(answer, body, advice.Service{Name: "the starter", Path: request.URL.Path,
			Refusal: "does the starter take this key?", Missing: "is this the starter's whole URL?"}, secrets...)
		return "", "", fmt.Errorf("%w%s", refused, advice.Of(refused))
	}
	return roomOf(body)
}

// unstarted is why a starter gave no whole answer.
func unstarted(ctx context.Context, step bench.Step, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) { // it repeats the whole URL
		err = wrapped.Err
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer, waiting for %s: %w", step, ctx.Err())
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w%s", err, advice.Of(err))
}

// sentOn is the error of an answer that redirects the client, without what may be secret in the new place.
func sentOn(from *url.URL, status int, to string) error {
	at, err := from.Parse(to)
	if err != nil || at.Host == "" {
		return fmt.Errorf("it sends us on, with status %d, to an address that cannot be read", status)
	}
	place := at.Scheme + "://" + at.Host
	if at.Scheme == from.Scheme && at.Host == from.Host {
		place = strconv.QuoteToASCII(at.Path)
	}
	return fmt.Errorf("it sends us on to %s, with status %d, which is not followed: give the URL that answers itself",
		place, status)
}

// roomOf reads a starter's answer. Pipecat's own starters use other names for the fields than its clients' convention
// does.
func roomOf(body []byte) (room, token string, err error) {
	var said struct {
		DailyRoom    string `json:"dailyRoom"`
		DailyToken   string `json:"dailyToken"`
		MeetingToken string `json:"dailyMeetingToken"`
		RoomURL      string `json:"room_url"`
		URL          string `json:"url"`
		Token        string `json:"token"`
	}
	if json.Unmarshal(body, &said) != nil { // what it is may be a secret
		return "", "", errors.New("its answer is no JSON with a room in it")
	}
	room, token = cmp.Or(said.DailyRoom, said.RoomURL, said.URL), cmp.Or(said.DailyToken, said.MeetingToken, said.Token)
	u, err := url.Parse(room)
	switch {
	case room == "":
		return "", "", errors.New("its answer names no room (dailyRoom, room_url or url): does it start agents for " +
			"another transport?")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", "", fmt.Errorf("its answer names the room %.80q, which is no URL of a room", redact.URL(room))
	case u.Path == "" || u.Path == "/":
		return "", "", fmt.Errorf("its answer names %.80q, which is a host and no room", redact.URL(room))
	}
	return room, token, nil
}
