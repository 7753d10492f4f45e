package livekit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"rtcbench/bench"
	"rtcbench/internal/advice"
)

// session is a seat in a room. The SDK's send call takes no context and blocks for seconds
// once the server is gone, so it is made by one goroutine of the session's own (publish),
// and Send waits for it only as long as its context and the link allow.
type session struct {
	room    *lksdk.Room
	life    context.Context // of the session: the SDK also reconnects under it
	stop    context.CancelFunc
	opts    bench.JoinOptions
	watcher *watcher
	media   *media
	line    *line // of class bench.Turn
	inbox   chan bench.Packet
	outbox  chan outgoing
	done    chan struct{} // closed with err
	idle    chan struct{} // closed when publish has ended
	closing sync.Once

	mu     sync.Mutex
	err    error
	down   chan struct{} // closed while the link is down
	isDown bool
	drops  int // how often the link went down: tells an old reconnect from a new one
	giveUp *time.Timer
	steps  advice.Steps // of the first connection
	facts  bench.Facts
	// the SSRC of each audio stream that is heard, by whose it is, and of ours
	streams map[string]string
}

type outgoing struct {
	bench.Message
	result chan error
}

var (
	reliable = lksdk.WithDataPublishReliable(true)
	lossy    = lksdk.WithDataPublishReliable(false)
)

func newSession(opts bench.JoinOptions) *session {
	s := &session{
		opts: opts, inbox: make(chan bench.Packet, 1024), outbox: make(chan outgoing),
		done: make(chan struct{}), idle: make(chan struct{}), down: make(chan struct{}),
		streams: map[string]string{},
		facts: bench.Facts{
			Engine: "native", EngineVersion: "server-sdk-go " + lksdk.Version, JoinStarted: time.Now(),
			Transport: bench.DataChannelReliable, Channel: bench.Channel{Known: true, Ordered: true},
		},
	}
	switch opts.Class {
	case bench.DataChannelLossy:
		once := uint16(1) // the SDK hides its channel; TestChannelParameters looks behind it
		s.facts.Transport, s.facts.Channel = bench.DataChannelLossy, bench.Channel{Known: true, MaxRetransmits: &once}
	case bench.RTPAudio:
		s.facts.Transport, s.facts.Channel = bench.RTPAudio, bench.Channel{}
	}
	s.life, s.stop = context.WithCancel(context.Background())
	s.watcher, s.media = newWatcher(s), newMedia(s)
	s.room = lksdk.NewRoom(s.callbacks())
	go s.publish()
	return s
}

// open returns when messages can be sent and will be received, or when ctx has ended. The SDK opens the publisher's
// connection only for a first message: open sends one to ourselves, which nobody gets. A handshake that loses packets
// takes longer than the SDK waits. The handshake then goes on, and open sends again.
func (s *session) open(ctx context.Context) error {
	self := lksdk.WithDataPublishDestination([]string{s.room.LocalParticipant.Identity()})
	for {
		err := s.room.LocalParticipant.PublishDataPacket(lksdk.UserData(nil), reliable, self)
		if err == nil {
			break
		}
		if ctx.Err() != nil || s.life.Err() != nil || !errors.Is(err, lksdk.ErrConnectionTimeout) {
			return fmt.Errorf("open the data channel: %w", err)
		}
	}
	if err := s.watcher.waitForInbound(ctx); err != nil {
		return err
	}
	return s.media.open(ctx)
}

func (s *session) publish() {
	defer close(s.idle)
	for {
		select {
		case o := <-s.outbox:
			o.result <- s.publishOne(o.Message)
		case <-s.done:
			return
		}
	}
}

func (s *session) publishOne(m bench.Message) error {
	channel := reliable
	if m.Class == bench.DataChannelLossy {
		channel = lossy
	}
	opts := []lksdk.DataPublishOption{channel}
	if m.To != "" {
		opts = append(opts, lksdk.WithDataPublishDestination([]string{m.To}))
	}
	if err := s.room.LocalParticipant.PublishDataPacket(lksdk.UserData(m.Payload), opts...); err != nil {
		return fmt.Errorf("%w: %w", bench.ErrNotConnected, err)
	}
	return nil
}

// maxPayload is what fits into one data channel message of LiveKit, its envelope aside.
const maxPayload = 60_000

func (s *session) Send(ctx context.Context, m bench.Message) error {
	if len(m.Payload) > maxPayload {
		return fmt.Errorf("message of %d bytes: a LiveKit data message holds at most %d", len(m.Payload), maxPayload)
	}
	s.mu.Lock()
	err, isDown, down := s.err, s.isDown, s.down
	s.mu.Unlock()
	switch {
	case err != nil:
		return err
	case isDown:
		return bench.ErrNotConnected
	case m.Class == bench.RTPAudio:
		return s.media.send(m)
	}
	m.Payload = bytes.Clone(m.Payload) // Send may return before the SDK has read the payload
	o := outgoing{m, make(chan error, 1)}
	select {
	case s.outbox <- o:
	case <-down:
		return bench.ErrNotConnected
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-o.result:
		return err
	case <-down:
		return bench.ErrNotConnected
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *session) Recv(ctx context.Context) (bench.Packet, error) {
	select {
	case p := <-s.inbox:
		return p, nil
	case p := <-s.media.arrivals:
		return p, nil
	default:
	}
	select {
	case p := <-s.inbox:
		return p, nil
	case p := <-s.media.arrivals:
		return p, nil
	case <-s.done:
		return bench.Packet{}, s.err
	case <-ctx.Done():
		return bench.Packet{}, ctx.Err()
	}
}

// Direct implements bench.Direct.
func (s *session) Direct(f func(bench.Packet)) {
	if f == nil {
		s.media.direct.Store(nil)
		return
	}
	s.media.direct.Store(&f)
}

func (s *session) Facts() bench.Facts {
	legs := s.media.legs()
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.facts
	f.Phases, f.ICE, f.Changes = append([]bench.Phase(nil), f.Phases...), append([]bench.ICEPair(nil), f.ICE...),
		append([]bench.Change(nil), f.Changes...)
	f.Audio = legs
	return f
}

// closeTimeout bounds the goodbye: a dead server would hold its send call for long.
const closeTimeout = time.Second

func (s *session) Close() error {
	s.end(bench.ErrClosed)
	s.closing.Do(func() {
		left := make(chan struct{})
		go func() {
			defer close(left)
			s.room.Disconnect()
			<-s.idle
		}()
		select {
		case <-left:
		case <-time.After(closeTimeout):
		}
	})
	return nil
}

func (s *session) callbacks() *lksdk.RoomCallback {
	callbacks := &lksdk.RoomCallback{
		OnReconnecting: s.linkDown,
		OnReconnected:  s.linkUp,
		OnDisconnected: func() {
			reason := strings.ToLower(strings.ReplaceAll(s.room.DisconnectReason().String(), "_", " "))
			s.end(fmt.Errorf("%w by the server or for want of it: %s", bench.ErrEnded, reason))
		},
		OnParticipantDisconnected: func(p *lksdk.RemoteParticipant) {
			s.media.gone(p.Identity(), s.room.GetParticipantByIdentity(p.Identity()))
		},
		ParticipantCallback: s.media.callbacks(),
	}
	if s.opts.Class == bench.Turn {
		s.listens(callbacks)
	}
	return callbacks
}

func (s *session) arrived(data lksdk.DataPacket, from lksdk.DataReceiveParams) {
	at := time.Now()
	user, ok := data.(*lksdk.UserDataPacket)
	if !ok {
		return
	}
	select {
	case s.inbox <- bench.Packet{Payload: user.Payload, From: from.SenderIdentity, At: at}:
	case <-s.done:
	}
}

func (s *session) linkDown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops++
	if s.isDown || s.err != nil {
		return
	}
	s.isDown = true
	s.facts.Reconnects++
	close(s.down)
	patience := s.opts.ReconnectTimeout
	s.giveUp = time.AfterFunc(patience, func() {
		s.end(fmt.Errorf("%w: no connection to the server for %v", bench.ErrEnded, patience))
	})
}

// linkUp is called when the SDK has its signalling back. Messages can be sent once the data channels are open again,
// for which a new pair of connections still has to be made.
func (s *session) linkUp() {
	s.mu.Lock()
	drops := s.drops
	s.mu.Unlock()
	at := time.Now()
	go func() {
		s.serverIs(s.room.ServerInfo(), at)
		for {
			err := s.reopen()
			s.mu.Lock()
			if s.err != nil || s.drops != drops {
				s.mu.Unlock()
				return
			}
			if err == nil {
				if s.isDown {
					s.isDown, s.down = false, make(chan struct{})
					s.giveUp.Stop()
				}
				s.mu.Unlock()
				return
			}
			s.mu.Unlock()
		}
	}()
}

// reopen tries to open the channels again, for as long as one attempt takes: the link may have gone down again
// meanwhile.
func (s *session) reopen() error {
	ctx, cancel := context.WithTimeout(s.life, connectTimeout)
	defer cancel()
	return s.open(ctx)
}

// end notes why the session is over. Only the first reason counts.
func (s *session) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = err
	if s.giveUp != nil {
		s.giveUp.Stop()
	}
	close(s.done)
	s.stop()
}
