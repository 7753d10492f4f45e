package livekit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	protocol "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
)

// The names of our audio tracks. A runner speaks on one track, and an echo answers each runner on a track of its own:
// the sound of a track that two runners shared was torn.
const (
	pingTrack = "rtcbench-ping"
	pongTrack = "rtcbench-pong:" // and the runner's identity
)

// media is the audio of a session. A runner of class bench.RTPAudio publishes one track and hears the track that
// answers it; an echo hears all runners.
type media struct {
	s        *session
	arrivals chan bench.Packet
	direct   atomic.Pointer[func(bench.Packet)] // takes what arrives, in place of the channel; nil = nobody
	making   sync.Mutex                         // one track is published at a time

	mu      sync.Mutex
	sending map[string]*outbound // by who hears it; "" = everybody
	stamps  map[webrtc.SSRC]*arrival
	down    *bench.AudioLeg // of what is heard

	taking sync.Mutex
	ring   [][]byte // payloads that wait, or are being read
	next   int
}

const (
	waiting   = 1024 // packets that wait to be read
	packetMax = 1500 // bytes of one packet: the SDK's own limit
	usual     = 256  // bytes that are allocated for each payload from the beginning
)

func newMedia(s *session) *media {
	return &media{s: s, arrivals: make(chan bench.Packet, waiting), sending: map[string]*outbound{},
		stamps: map[webrtc.SSRC]*arrival{}}
}

// hears is the name of the tracks that the session listens to; "" = to none.
func (m *media) hears() string {
	switch {
	case m.s.opts.Role == bench.Answerer:
		return pingTrack
	case m.s.opts.Class == bench.RTPAudio:
		return pongTrack + m.s.room.LocalParticipant.Identity()
	}
	return ""
}

// open publishes the track that the session speaks on, and subscribes to the tracks that the session listens to. It may
// be called again after the link was down.
func (m *media) open(ctx context.Context) error {
	for _, p := range m.s.room.GetRemoteParticipants() {
		for _, pub := range p.TrackPublications() {
			if remote, ok := pub.(*lksdk.RemoteTrackPublication); ok {
				m.published(remote, p)
			}
		}
	}
	if m.s.opts.Class != bench.RTPAudio || m.s.opts.Role == bench.Answerer {
		return nil
	}
	o, isNew := m.outbound("", pingTrack)
	if !isNew { // the SDK publishes it again by itself
		return nil
	}
	return m.publish(ctx, o)
}

// published subscribes to a track that is for us. An echo then publishes the track that answers it.
func (m *media) published(pub *lksdk.RemoteTrackPublication, p *lksdk.RemoteParticipant) {
	if name := m.hears(); name == "" || pub.Name() != name {
		return
	}
	if err := plain(pub.TrackInfo()); err != nil {
		if m.s.opts.Role != bench.Answerer { // an echo also serves other runners
			m.s.end(fmt.Errorf("%w: %w", bench.ErrEnded, err))
		}
		return
	}
	pub.SetSubscribed(true)
	if m.s.opts.Role != bench.Answerer {
		return
	}
	if may := m.s.room.LocalParticipant.Permissions(); may != nil && !may.CanPublish {
		return // the echo answers messages all the same
	}
	if o, isNew := m.outbound(p.Identity(), pongTrack+p.Identity()); isNew {
		go m.publish(m.s.life, o)
	}
}

// plain says why the packets of a track are not what their sender wrote; nil = nothing speaks against that they are.
func plain(info *protocol.TrackInfo) error {
	switch {
	case info.GetEncryption() != protocol.Encryption_NONE:
		return fmt.Errorf("the echo's audio is encrypted end to end (%s): nobody can read a ping in it; measure in a "+
			"room without it", strings.ToLower(info.GetEncryption().String()))
	case info.GetMimeType() != "" && !isRED(info.GetMimeType()) &&
		!strings.EqualFold(info.GetMimeType(), webrtc.MimeTypeOpus):
		return notOpus("the echo's audio", info.GetMimeType())
	}
	return nil
}

// isRED reports whether a track repeats earlier packets (RED). We never agree on RED, so the server makes plain Opus of
// such a track, and makes lost packets anew from what repeats them.
func isRED(mime string) bool { return strings.EqualFold(mime, "audio/red") }

func notOpus(what, mime string) error {
	return fmt.Errorf("%s is %s: a ping rides in packets of plain Opus (%s); let the echo publish that, or "+
		"measure by messages", what, mime, webrtc.MimeTypeOpus)
}

// outbound is the track that one participant hears. Where there is none yet, outbound makes one and isNew is true.
func (m *media) outbound(to, name string) (o *outbound, isNew bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o := m.sending[to]; o != nil {
		return o, false
	}
	o = newOutbound(m, to, name)
	m.sending[to] = o
	return o, true
}

// publishTimeout bounds the wait for a track of an echo.
const publishTimeout = 10 * time.Second

// publish returns when the track can be written to.
func (m *media) publish(ctx context.Context, o *outbound) error {
	m.making.Lock()
	defer m.making.Unlock()
	pub, err := m.s.room.LocalParticipant.PublishTrack(o, &lksdk.TrackPublicationOptions{
		Name: o.name, Source: protocol.TrackSource_MICROPHONE, DisableDTX: true,
	})
	if err != nil {
		m.forget(o.to)
		return fmt.Errorf("publish the audio track: %w", err)
	}
	o.is(pub)
	waiting, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	select {
	case err := <-o.ready:
		return err
	case <-m.s.done:
		return m.s.err
	case <-waiting.Done():
		return fmt.Errorf("the server agreed to the audio track, and not to its packets: %w", waiting.Err())
	}
}

// gone takes down the track that answered a runner, unless the runner still speaks: after a server's restart the SDK
// tells of the new track, or of the participant that came back, before it tells of the old track's end. p is the runner
// as it is now; nil = it has left.
func (m *media) gone(identity string, p *lksdk.RemoteParticipant) {
	if m.s.opts.Role != bench.Answerer || m.speaks(p) {
		return
	}
	m.s.streamIs(identity, "")
	if o := m.forget(identity); o != nil {
		go func() {
			m.making.Lock()
			defer m.making.Unlock()
			if sid := o.sid(); sid != "" {
				m.s.room.LocalParticipant.UnpublishTrack(sid)
			}
		}()
	}
}

// speaks reports whether a participant has a track that is for us.
func (m *media) speaks(p *lksdk.RemoteParticipant) bool {
	return p != nil && slices.ContainsFunc(p.TrackPublications(), func(pub lksdk.TrackPublication) bool {
		return pub.Name() == m.hears()
	})
}

func (m *media) forget(to string) *outbound {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.sending[to]
	delete(m.sending, to)
	return o
}

// send writes one packet. It returns at once.
func (m *media) send(msg bench.Message) error {
	m.mu.Lock()
	o := m.sending[msg.To]
	m.mu.Unlock()
	if o == nil {
		return bench.ErrNotConnected
	}
	return o.write(msg.Payload, msg.Answers)
}

// arrival is when the last packet of a stream came off the wire. Only the goroutine that reads the stream writes and
// reads it.
type arrival struct{ at time.Time }

// stamper is the interceptor nearest to the wire.
type stamper struct {
	interceptor.NoOp
	m *media
}

// BindRemoteStream implements interceptor.Interceptor.
func (s *stamper) BindRemoteStream(info *interceptor.StreamInfo, reader interceptor.RTPReader) interceptor.RTPReader {
	a := &arrival{}
	s.m.mu.Lock()
	s.m.stamps[webrtc.SSRC(info.SSRC)] = a
	s.m.mu.Unlock()
	return interceptor.RTPReaderFunc(func(b []byte, attributes interceptor.Attributes) (int, interceptor.Attributes,
		error) {
		n, attributes, err := reader.Read(b, attributes)
		a.at = time.Now()
		return n, attributes, err
	})
}

// UnbindRemoteStream implements interceptor.Interceptor.
func (s *stamper) UnbindRemoteStream(info *interceptor.StreamInfo) {
	s.m.mu.Lock()
	delete(s.m.stamps, webrtc.SSRC(info.SSRC))
	s.m.mu.Unlock()
}

// BindRTCPReader implements interceptor.Interceptor: a line is told of round trips to the server.
func (s *stamper) BindRTCPReader(reader interceptor.RTCPReader) interceptor.RTCPReader {
	return interceptor.RTCPReaderFunc(func(b []byte, attributes interceptor.Attributes) (int, interceptor.Attributes,
		error) {
		n, attributes, err := reader.Read(b, attributes)
		if l := s.m.s.line; err == nil && l != nil {
			l.reported(b[:n], time.Now())
		}
		return n, attributes, err
	})
}

// stampsOf is the place where the arrivals of a track's packets are noted. Where nobody notes them, it stays empty.
func (m *media) stampsOf(track *webrtc.TrackRemote) *arrival {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a := m.stamps[track.SSRC()]; a != nil {
		return a
	}
	return &arrival{}
}

// subscribed reads a track until it ends. red says that the publisher repeats earlier packets.
func (m *media) subscribed(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver, from string, red bool) {
	if !strings.EqualFold(track.Codec().MimeType, webrtc.MimeTypeOpus) {
		if m.s.opts.Role != bench.Answerer {
			m.s.end(fmt.Errorf("%w: %w", bench.ErrEnded, notOpus("the echo's audio", track.Codec().MimeType)))
		}
		return
	}
	a := m.stampsOf(track)
	m.mu.Lock()
	leg := audioLeg(bench.Subscriber, track.Codec(), receiver.GetParameters().HeaderExtensions)
	leg.RED = leg.RED || red
	m.down = &leg
	m.mu.Unlock()
	m.s.streamIs(from, fmt.Sprint(track.SSRC()))
	var header rtp.Header
	var order order
	b := make([]byte, packetMax)
	for {
		n, attributes, err := track.Read(b)
		if err != nil {
			return
		}
		at := a.at
		if at.IsZero() {
			at = time.Now()
		}
		payload := payloadOf(&header, b[:n])
		if leg.NACK && order.came(header.SequenceNumber, attributes.Get(webrtc.AttributeRtxPayloadType) != nil) {
			m.mended(order)
		}
		if len(payload) > 0 {
			m.arrived(bench.Packet{Payload: payload, From: from, At: at, Class: bench.RTPAudio,
				Media: bench.MediaTime{Stamp: header.Timestamp, OK: true}})
		}
	}
}

// payloadOf is the payload of an RTP packet; nil = it has none, as a packet of padding alone.
func payloadOf(header *rtp.Header, b []byte) []byte {
	n, err := header.Unmarshal(b)
	if err != nil {
		return nil
	}
	payload := b[n:]
	if header.Padding && len(payload) > 0 {
		payload = payload[:max(0, len(payload)-int(payload[len(payload)-1]))]
	}
	return payload
}

// arrived hands a packet to the function that Direct set, at once, or else to Recv. The buffer for Recv is used again
// once as many more payloads have come as can wait.
func (m *media) arrived(p bench.Packet) {
	if f := m.direct.Load(); f != nil {
		(*f)(p)
		return
	}
	m.taking.Lock()
	defer m.taking.Unlock()
	if m.ring == nil {
		m.ring = make([][]byte, waiting+2) // those that wait, the one that was taken last, and this one
		all := make([]byte, len(m.ring)*usual)
		for i := range m.ring {
			m.ring[i] = all[i*usual : i*usual : (i+1)*usual]
		}
	}
	m.ring[m.next] = append(m.ring[m.next][:0], p.Payload...)
	p.Payload = m.ring[m.next]
	m.next = (m.next + 1) % len(m.ring)
	select {
	case m.arrivals <- p:
	case <-m.s.done:
	}
}
