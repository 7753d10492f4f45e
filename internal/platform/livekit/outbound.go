package livekit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
)

// outbound is a track that we write. Its sequence numbers and time stamps are its own, and go on when the SDK binds the
// track to another connection.
type outbound struct {
	*webrtc.TrackLocalStaticRTP
	m     *media
	to    string // who hears it
	name  string
	ready chan error // what became of the first bind

	mu     sync.Mutex
	pub    *lksdk.LocalTrackPublication
	bound  int // connections that carry it
	leg    bench.AudioLeg
	muted  bool // or taken down
	giveUp *time.Timer
	packet rtp.Packet
	clock  mediaClock
}

func newOutbound(m *media, to, name string) *outbound {
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: clockRate, Channels: 2,
		SDPFmtpLine: "minptime=10;useinbandfec=1"}
	track, err := webrtc.NewTrackLocalStaticRTP(opus, bench.NewIdentity("track"), name)
	if err != nil {
		panic(err) // only an option can fail, and there is none
	}
	o := &outbound{TrackLocalStaticRTP: track, m: m, to: to, name: name, ready: make(chan error, 1)}
	o.clock.base = rand.Uint32()
	o.packet.Header = rtp.Header{Version: 2, SequenceNumber: uint16(rand.Uint32())}
	return o
}

// Bind implements webrtc.TrackLocal: the connection says what was agreed.
func (o *outbound) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codec, err := o.TrackLocalStaticRTP.Bind(c)
	if err != nil {
		var names []string
		for _, other := range c.CodecParameters() {
			names = append(names, other.MimeType)
		}
		offered := "nothing"
		if len(names) > 0 {
			offered = strings.Join(names, ", ")
		}
		err = fmt.Errorf("the server takes no Opus audio (it agreed to %s): pings ride in nothing else", offered)
		o.settled(err)
		return codec, err
	}
	o.mu.Lock()
	o.bound++
	o.leg = audioLeg(bench.Publisher, codec, c.HeaderExtensions())
	o.mu.Unlock()
	if o.to == "" {
		o.m.s.streamIs("", fmt.Sprint(c.SSRC()))
	}
	o.settled(nil)
	return codec, nil
}

func (o *outbound) settled(err error) {
	select {
	case o.ready <- err:
	default:
	}
}

// Unbind implements webrtc.TrackLocal.
func (o *outbound) Unbind(c webrtc.TrackLocalContext) error {
	o.mu.Lock()
	o.bound--
	o.mu.Unlock()
	return o.TrackLocalStaticRTP.Unbind(c)
}

func (o *outbound) sid() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pub == nil {
		return ""
	}
	return o.pub.SID()
}

// is notes the publication of the track.
func (o *outbound) is(pub *lksdk.LocalTrackPublication) {
	o.mu.Lock()
	o.pub = pub
	o.mu.Unlock()
	o.mute(pub.IsMuted())
}

// mute notes that nobody hears the track, or that it is heard again. A track that stays muted ends the session, as a
// lost link does.
func (o *outbound) mute(muted bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.muted == muted {
		return
	}
	o.muted = muted
	if !muted {
		o.giveUp.Stop()
		return
	}
	patience := o.m.s.opts.ReconnectTimeout
	o.giveUp = time.AfterFunc(patience, func() {
		if o.m.s.opts.Role != bench.Answerer {
			o.m.s.end(fmt.Errorf("%w: our audio track was muted, or taken down, for %v", bench.ErrEnded, patience))
		}
	})
}

// callbacks are the SDK's callbacks about tracks and messages.
func (m *media) callbacks() lksdk.ParticipantCallback {
	ours := func(pub lksdk.TrackPublication, do func(*outbound)) {
		local, ok := pub.(*lksdk.LocalTrackPublication)
		if !ok {
			return
		}
		if o, ok := local.TrackLocal().(*outbound); ok {
			do(o)
		}
	}
	return lksdk.ParticipantCallback{
		OnDataPacket:     m.s.arrived,
		OnTrackPublished: m.published,
		OnTrackUnpublished: func(pub *lksdk.RemoteTrackPublication, p *lksdk.RemoteParticipant) {
			if pub.Name() == m.hears() {
				m.gone(p.Identity(), p)
			}
		},
		OnTrackSubscribed: func(t *webrtc.TrackRemote, pub *lksdk.RemoteTrackPublication, p *lksdk.RemoteParticipant) {
			go m.subscribed(t, pub.Receiver(), p.Identity(), isRED(pub.MimeType()))
		},
		OnTrackMuted: func(pub lksdk.TrackPublication, _ lksdk.Participant) {
			ours(pub, func(o *outbound) { o.mute(true) })
		},
		OnTrackUnmuted: func(pub lksdk.TrackPublication, _ lksdk.Participant) {
			ours(pub, func(o *outbound) { o.mute(false) })
		},
		OnLocalTrackPublished: func(pub *lksdk.LocalTrackPublication, _ *lksdk.LocalParticipant) {
			ours(pub, func(o *outbound) { o.is(pub) })
		},
		OnLocalTrackUnpublished: func(pub *lksdk.LocalTrackPublication, _ *lksdk.LocalParticipant) {
			ours(pub, func(o *outbound) { o.mute(true) })
		},
	}
}

// write sends one packet. answers is the time of the packet that it answers, if it answers one.
func (o *outbound) write(payload []byte, answers bench.MediaTime) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.muted:
		return bench.ErrMuted
	case o.bound <= 0:
		return bench.ErrNotConnected
	}
	h := &o.packet.Header
	h.Timestamp, h.Marker = o.clock.stamp(time.Now(), answers)
	h.SequenceNumber++
	o.packet.Payload = payload
	err := o.WriteRTP(&o.packet)
	o.packet.Payload = nil
	if err != nil {
		return fmt.Errorf("%w: %w", bench.ErrNotConnected, err)
	}
	return nil
}

// audioLeg says what was agreed. Nothing is sent again where nobody may ask for it.
func audioLeg(leg bench.Leg, c webrtc.RTPCodecParameters,
	extensions []webrtc.RTPHeaderExtensionParameter) bench.AudioLeg {
	l := bench.AudioLeg{Leg: leg, Codec: strings.ToLower(c.MimeType), ClockRate: int(c.ClockRate),
		Channels: int(c.Channels), PayloadType: int(c.PayloadType), DTX: strings.Contains(c.SDPFmtpLine, "usedtx=1"),
		RED: isRED(c.MimeType), Extensions: []string{}, Stamped: bench.StampedWire}
	for _, f := range c.RTCPFeedback {
		l.NACK = l.NACK || f.Type == "nack"
	}
	for _, e := range extensions {
		l.Extensions = append(l.Extensions, e.URI)
	}
	l.Retransmitted = new(int) // where lost packets are asked for again, the receiver counts
	if l.NACK && leg == bench.Publisher {
		l.Retransmitted = nil
	}
	if l.NACK && leg == bench.Subscriber {
		l.AfterGap = new(int)
	}
	return l
}

// legs describe what was agreed for the audio that a runner sends and hears.
func (m *media) legs() (legs []bench.AudioLeg) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o := m.sending[""]; o != nil {
		o.mu.Lock()
		if o.leg.Leg != "" {
			legs = append(legs, o.leg)
		}
		o.mu.Unlock()
	}
	if m.down != nil {
		legs = append(legs, *m.down)
	}
	return legs
}

var _ webrtc.TrackLocal = (*outbound)(nil)
