// Package livekit joins rooms of a LiveKit server with the Go SDK and speaks over its data
// channels. It subscribes to no media and publishes none.
//
// It uses the SDK's two peer connections. The single-peer-connection mode is quicker to
// connect, but lost the first message without a word; see docs/decisions/two-peer-connections.md.
package livekit

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/interceptor"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/redact"
)

// Transport joins rooms of LiveKit servers, LiveKit Cloud included. The zero value works.
type Transport struct{}

var _ bench.Transport = Transport{}

// silence keeps the SDK and pion from writing to the terminal. Their logs are dropped, not
// passed on: some lines hold addresses, and what matters reaches us as errors and callbacks.
var silence = sync.OnceFunc(func() { lksdk.SetLogger(logger.GetDiscardLogger()) })

// Join takes a seat in the room that room.Token names, as the identity it names. It returns when both data channels are
// open in both directions, so that no first message is lost. Where the time is over before, the error is a
// *bench.LateError.
func (Transport) Join(ctx context.Context, room bench.Room, opts bench.JoinOptions) (bench.Session, error) {
	silence()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s, err := take(ctx, newSession(opts), room)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// take takes a seat for s, or closes s.
func take(ctx context.Context, s *session, room bench.Room) (*session, error) {
	joined := make(chan error, 1)
	go func() { joined <- s.join(ctx, room) }()
	select {
	case err := <-joined:
		if err == nil {
			return s, nil
		}
		err = s.whyEnded(err)
		s.Close()
		if errors.Is(err, lksdk.ErrConnectionTimeout) || errors.Is(err, context.DeadlineExceeded) {
			return nil, s.late(err, time.Now())
		}
		if s.joined() { // the server has let the participant in
			return nil, withoutToken(err, room)
		}
		return nil, Explain(ctx, room, err)
	case <-ctx.Done(): // the SDK may need seconds more, and must not be closed meanwhile
		s.end(bench.ErrClosed)
		go func() {
			<-joined
			s.Close()
		}()
		at := time.Now()
		if deadline, ok := ctx.Deadline(); ok && deadline.Before(at) {
			at = deadline
		}
		return nil, s.late(context.Cause(ctx), at)
	}
}

// joined reports whether the server has answered the join.
func (s *session) joined() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.has("signalling", "")
}

// whyEnded is the reason why the session is over, where err only says that it is over.
func (s *session) whyEnded(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, context.Canceled) && s.err != nil {
		return s.err
	}
	return err
}

func (s *session) join(ctx context.Context, room bench.Room) error {
	err := s.room.JoinWithContextAndToken(s.traced(room.URL), advice.ASCIIURL(room.URL), room.Token,
		lksdk.WithAutoSubscribe(false),
		lksdk.WithConnectTimeout(attemptTimeout(ctx, room.URL)),
		lksdk.WithLogger(logger.GetDiscardLogger()),
		lksdk.WithInterceptors([]interceptor.Factory{s.watcher}),
		lksdk.WithIncludeDefaultInterceptors(true),
	)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.facts.Identity = s.room.LocalParticipant.Identity()
	s.mu.Unlock()
	s.serverIs(s.room.ServerInfo(), time.Now())
	return s.open(ctx)
}

// connectTimeout is the SDK's own limit for one attempt to connect, and for a send call on a dead link. An attempt gets
// more where ctx leaves more time.
const connectTimeout = 5 * time.Second

// attemptTimeout is the SDK's limit for one attempt to connect. It is a little more than the time that is left, so that
// ctx ends the attempt. On LiveKit Cloud it is a third of the time that is left, because the SDK then tries the next
// region, and there may be two more.
func attemptTimeout(ctx context.Context, server string) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return connectTimeout
	}
	left := time.Until(deadline)
	if u, err := url.Parse(server); err == nil &&
		(strings.HasSuffix(u.Hostname(), ".livekit.cloud") || strings.HasSuffix(u.Hostname(), ".livekit.run")) {
		left /= 3
	} else {
		left += connectTimeout
	}
	return max(connectTimeout, left)
}

// traced is the context of the session's life. It notes the steps of the session's first connection.
func (s *session) traced(server string) context.Context {
	u, err := url.Parse(server)
	secure := err == nil && (u.Scheme == "wss" || u.Scheme == "https")
	return s.steps.Traced(s.life, secure, bench.StepUpgrade, bench.StepJoin)
}

// late says what s was still waiting for.
func (s *session) late(cause error, at time.Time) *bench.LateError {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := &bench.LateError{After: at.Sub(s.facts.JoinStarted), Cause: cause}
	switch {
	case s.has("data_channel", bench.Publisher):
		e.What, e.Maybe, e.Waiting = "the server opened no data channel towards us", "may the token subscribe?",
			bench.StepChannel
	case s.has("ice", bench.Subscriber):
		e.What, e.Maybe, e.Waiting = "no data channel to the server", "does the path lose much?", bench.StepChannel
		if !s.has("dtls", bench.Subscriber) {
			e.Waiting = bench.StepDTLS
		}
	case s.has("signalling", ""):
		e.What, e.Maybe = "the server answers, but there is no connection for data", "does a firewall stop UDP to it?"
		e.Waiting = bench.StepICE
	default:
		e.What, e.Maybe, e.Waiting = "no answer", "is this a LiveKit server?", s.steps.Now()
		if e.Waiting == bench.StepTCP || e.Waiting == bench.StepDNS {
			e.Maybe = "is the address right, and does a firewall let us through?"
		}
	}
	return e
}

// withoutToken removes the token from err, in whatever form the SDK or a server wrote the token into it.
func withoutToken(err error, room bench.Room) error {
	const shortest = 8 // anything shorter is no token, and stands in many words
	if len(room.Token) < shortest {
		return err
	}
	const most = 600
	return redact.New(room.Token).Error(err, most)
}
