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
)

// Transport joins rooms of LiveKit servers, LiveKit Cloud included. The zero value works.
type Transport struct{}

var _ bench.Transport = Transport{}

// silence keeps the SDK and pion from writing to the terminal. Their logs are dropped, not
// passed on: some lines hold addresses, and what matters reaches us as errors and callbacks.
var silence = sync.OnceFunc(func() { lksdk.SetLogger(logger.GetDiscardLogger()) })

// Join takes a seat in the room that room.Token names, as the identity it names. It returns
// when both data channels are open in both directions, so that no first message is lost.
func (Transport) Join(ctx context.Context, room bench.Room, opts bench.JoinOptions) (bench.Session, error) {
	silence()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s := newSession(opts)
	joined := make(chan error, 1)
	go func() { joined <- s.join(room) }()
	select {
	case err := <-joined:
		if err != nil {
			s.Close()
			return nil, redact(err, room)
		}
		return s, nil
	case <-ctx.Done(): // the SDK may need seconds more, and does not bear to be closed meanwhile
		s.end(bench.ErrClosed)
		go func() {
			<-joined
			s.Close()
		}()
		return nil, context.Cause(ctx)
	}
}

func (s *session) join(room bench.Room) error {
	err := s.room.JoinWithContextAndToken(s.life, room.URL, room.Token,
		lksdk.WithAutoSubscribe(false),
		lksdk.WithConnectTimeout(connectTimeout),
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
	return s.open()
}

// connectTimeout is the SDK's own limit for one attempt, and for a send call on a dead link.
const connectTimeout = 5 * time.Second

// redact keeps the token out of errors, whatever the SDK wrote into them.
func redact(err error, room bench.Room) error {
	const shortest = 8 // anything shorter is no token, and stands in many words
	if len(room.Token) < shortest {
		return err
	}
	text := strings.ReplaceAll(err.Error(), room.Token, "TOKEN")
	text = strings.ReplaceAll(text, url.QueryEscape(room.Token), "TOKEN")
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
