package livekit

import (
	"context"
	"slices"
	"sync"
	"time"

	protocol "github.com/livekit/protocol/livekit"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
)

// watcher learns what the SDK does not tell: when each peer connection reaches a phase, and on which ICE pair. The SDK
// asks an interceptor factory for an interceptor each time it makes a peer connection, which is when the server's
// answer to the join has arrived. watcher is such a factory, and adds no interceptor.
type watcher struct {
	s *session

	mu      sync.Mutex
	seen    map[*webrtc.PeerConnection]bool
	inbound map[*webrtc.PeerConnection]*inbound
}

// inbound counts the data channels that the server has opened towards us.
type inbound struct {
	open  int
	ready chan struct{} // closed when both are
}

// The labels of LiveKit's data channels. There is a third, for data tracks, which is not ours.
const reliableLabel, lossyLabel = "_reliable", "_lossy"

func newWatcher(s *session) *watcher {
	return &watcher{s: s, seen: map[*webrtc.PeerConnection]bool{}, inbound: map[*webrtc.PeerConnection]*inbound{}}
}

// NewInterceptor implements interceptor.Factory. The SDK holds its lock during the call, so another goroutine looks at
// the connections.
func (w *watcher) NewInterceptor(string) (interceptor.Interceptor, error) {
	w.s.reached("signalling", "", time.Now())
	go func() {
		if pc := w.s.room.LocalParticipant.GetSubscriberPeerConnection(); pc != nil {
			w.watch(pc, bench.Subscriber)
		}
		if pc := w.s.room.LocalParticipant.GetPublisherPeerConnection(); pc != nil {
			w.watch(pc, bench.Publisher)
		}
	}()
	return &stamper{m: w.s.media}, nil
}

func (w *watcher) watch(pc *webrtc.PeerConnection, leg bench.Leg) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen[pc] {
		return
	}
	w.seen[pc] = true
	dtls := pc.SCTP().Transport()
	ice := dtls.ICETransport()
	ice.OnConnectionStateChange(func(state webrtc.ICETransportState) {
		if state == webrtc.ICETransportStateConnected {
			w.s.reached("ice", leg, time.Now())
		}
	})
	ice.OnSelectedCandidatePairChange(func(pair *webrtc.ICECandidatePair) { w.selected(pc, leg, pair, time.Now()) })
	dtls.OnStateChange(func(state webrtc.DTLSTransportState) {
		if state == webrtc.DTLSTransportStateConnected {
			w.s.reached("dtls", leg, time.Now())
		}
	})
	if leg == bench.Subscriber {
		in := &inbound{ready: make(chan struct{})}
		w.inbound[pc] = in
		pc.SCTP().OnDataChannelOpened(func(dc *webrtc.DataChannel) { w.opened(in, dc) })
	}
}

func (w *watcher) opened(in *inbound, dc *webrtc.DataChannel) {
	if dc.Label() != reliableLabel && dc.Label() != lossyLabel {
		return
	}
	w.s.inboundChannel(dc)
	w.mu.Lock()
	defer w.mu.Unlock()
	if in.open++; in.open == 2 {
		w.s.reached("data_channel", bench.Subscriber, time.Now())
		close(in.ready)
	}
}

// waitForInbound returns when the server has opened its channels on the current connection.
func (w *watcher) waitForInbound(ctx context.Context) error {
	w.s.reached("data_channel", bench.Publisher, time.Now())
	pc := w.s.room.LocalParticipant.GetSubscriberPeerConnection()
	if pc == nil {
		return nil
	}
	w.mu.Lock()
	in := w.inbound[pc]
	w.mu.Unlock()
	if in == nil {
		return nil
	}
	select {
	case <-in.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.s.life.Done():
		return w.s.life.Err()
	}
}

// reached notes a phase when it is reached for the first time.
func (s *session) reached(name string, leg bench.Leg, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has(name, leg) {
		return
	}
	s.facts.Phases = append(s.facts.Phases, bench.Phase{Name: name, Leg: leg, At: at.Sub(s.facts.JoinStarted)})
}

// has reports whether a phase was reached. The caller holds the lock.
func (s *session) has(name string, leg bench.Leg) bool {
	return slices.ContainsFunc(s.facts.Phases, func(p bench.Phase) bool { return p.Name == name && p.Leg == leg })
}

func (w *watcher) selected(pc *webrtc.PeerConnection, leg bench.Leg, pair *webrtc.ICECandidatePair, at time.Time) {
	if pair == nil || pair.Local == nil || pair.Remote == nil {
		return
	}
	p := bench.ICEPair{Leg: leg, At: at, Local: candidate(pair.Local), Remote: candidate(pair.Remote)}
	if pair.Local.Typ != webrtc.ICECandidateTypeRelay {
		w.s.travels(p)
		return
	}
	go func() { // the caller holds a lock that the statistics wait for
		p.Local.RelayProtocol = relayProtocol(pc, pair.Local)
		w.s.travels(p)
	}()
}

func (s *session) travels(p bench.ICEPair) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts.ICE = append(s.facts.ICE, p)
}

// serverIs keeps what the server says of itself. After a reconnect it may be another server.
func (s *session) serverIs(info *protocol.ServerInfo, at time.Time) {
	if info == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts.Became("region", &s.facts.Server.Region, info.Region, at)
	s.facts.Became("node", &s.facts.Server.Node, info.NodeId, at)
	s.facts.Server.Version = info.Version
}

// streamIs notes the SSRC of the audio that comes from whose from now on; whose "" is our own audio. ssrc "" = there is
// no stream.
func (s *session) streamIs(whose, ssrc string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ssrc == "" {
		delete(s.streams, whose)
		return
	}
	before := s.streams[whose]
	s.facts.Became("audio stream", &before, ssrc, time.Now())
	s.streams[whose] = before
}

// inboundChannel keeps the parameters that the server chose for the way to us.
func (s *session) inboundChannel(dc *webrtc.DataChannel) {
	if s.opts.Class == bench.RTPAudio || (dc.Label() == lossyLabel) != (s.opts.Class == bench.DataChannelLossy) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts.Inbound = bench.Channel{Known: true, Ordered: dc.Ordered(), MaxRetransmits: dc.MaxRetransmits()}
}
