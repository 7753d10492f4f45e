package standin

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// Audio is how audio is agreed on, and what happens to its packets. Their delay is that of messages.
type Audio struct {
	RED   bool   // each packet carries those before it again
	DTX   bool   // encoders may fall silent
	NACK  bool   // lost packets are asked for again
	Codec string // the MIME type of the only one; "" = audio/opus
	Deny  string // what nobody may do: send or receive
	// Lose says which packets are not relayed. It is called for each packet, in the order in which the packets of a
	// participant come.
	Lose func(from string, payload []byte) bool
	// Behind says which packets are relayed behind the next one, as after a retransmission.
	Behind func(from string, payload []byte) bool
}

const (
	opusType = 111
	redType  = 63
	queued   = 4096 // packets on their way to one participant
)

// audio is the media of a seat: one connection each way, as Daily's call machine has them. This end of both connections
// can be reached and looks for nobody (ICE lite).
type audio struct {
	mu       sync.Mutex
	up, down *webrtc.PeerConnection
	waiting  []*producer // to be offered …
	offered  bool        // … once an offer that is under way is answered
}

// producer is the audio that a participant sends.
type producer struct {
	from  string
	codec webrtc.RTPCodecCapability
	mu    sync.Mutex
	to    []chan delayed
	over  bool
}

// delayed is a packet under way.
type delayed struct {
	packet *rtp.Packet
	due    time.Time
}

// connection makes one end of a connection at an address, with the codecs that a allows.
func (a Audio) connection(at net.IP) (*webrtc.PeerConnection, error) {
	var engine webrtc.MediaEngine
	codecs := []webrtc.RTPCodecParameters{{PayloadType: opusType, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}}}
	if a.NACK {
		codecs[0].RTCPFeedback = []webrtc.RTCPFeedback{{Type: "nack"}}
	}
	switch {
	case a.RED:
		codecs = slices.Insert(codecs, 0, webrtc.RTPCodecParameters{PayloadType: redType,
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "audio/red", ClockRate: 48000, Channels: 2,
				SDPFmtpLine: "111/111"}})
	case strings.EqualFold(a.Codec, webrtc.MimeTypePCMU):
		codecs = []webrtc.RTPCodecParameters{{RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}}}
	}
	for _, c := range codecs {
		if err := engine.RegisterCodec(c, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, err
		}
	}
	var settings webrtc.SettingEngine
	settings.SetLite(true)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(at.Equal)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&engine), webrtc.WithSettingEngine(settings))
	return api.NewPeerConnection(webrtc.Configuration{})
}

// agreed is sdp, an answer of pion, as mediasoup would give it: with the order and the parameters of codecs that a asks
// for. pion takes both from the offer.
func (a Audio) agreed(sdp string) string {
	if a.RED {
		was, is := fmt.Sprintf(" %d %d", opusType, redType), fmt.Sprintf(" %d %d", redType, opusType)
		sdp = strings.Replace(sdp, was, is, 1)
	}
	if a.DTX {
		parameters := fmt.Sprintf("a=fmtp:%d ", opusType)
		sdp = strings.Replace(sdp, parameters, parameters+"usedtx=1;", 1)
	}
	return sdp
}

// described sets the description of this end, and returns it with the candidates in it.
func described(pc *webrtc.PeerConnection, d webrtc.SessionDescription) (string, error) {
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(d); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

// produce answers a participant's offer of audio.
func (s *Server) produce(room string, me *seat, offer string) error {
	pc, err := s.fateNow().Audio.connection(s.ip)
	if err != nil {
		return err
	}
	me.audio.mu.Lock()
	if me.audio.up != nil {
		me.audio.up.Close()
	}
	me.audio.up = pc
	me.audio.mu.Unlock()
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		p := &producer{from: me.id, codec: track.Codec().RTPCodecCapability}
		s.mu.Lock()
		me.producer = p
		s.mu.Unlock()
		s.tell(room, me, map[string]string{"type": "producing", "id": me.id})
		s.relayAudio(p, track)
	})
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	sdp, err := described(pc, answer)
	if err == nil {
		me.write(map[string]string{"type": "produced", "sdp": s.fateNow().Audio.agreed(sdp)})
	}
	return err
}

// relayAudio hands a participant's packets on, until it has no more.
func (s *Server) relayAudio(p *producer, track *webrtc.TrackRemote) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, to := range p.to {
			close(to)
		}
		p.to, p.over = nil, true
	}()
	var behind *rtp.Packet
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		due, fate := time.Now().Add(s.fateNow().Delay), s.fateNow().Audio
		if fate.Lose != nil && fate.Lose(p.from, packet.Payload) {
			continue
		}
		if behind == nil && fate.Behind != nil && fate.Behind(p.from, packet.Payload) {
			behind = packet
			continue
		}
		p.hand(packet, due)
		if behind != nil {
			p.hand(behind, due)
			behind = nil
		}
	}
}

// hand gives a packet to all goroutines that write it to a participant.
func (p *producer) hand(packet *rtp.Packet, due time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, to := range p.to {
		select {
		case to <- delayed{packet.Clone(), due}: // each writer changes its header
		default: // the queue is full; a network would drop the packet, too
		}
	}
}

// consume lets me receive the audio of a participant.
func (s *Server) consume(room string, me *seat, from string) error {
	s.mu.Lock()
	var p *producer
	if r := s.rooms[room]; r != nil && r.people[from] != nil {
		p = r.people[from].producer
	}
	s.mu.Unlock()
	if p == nil {
		return nil // the audio is asked for again when there is some
	}
	me.audio.mu.Lock()
	defer me.audio.mu.Unlock()
	me.audio.waiting = append(me.audio.waiting, p)
	return s.offer(me)
}

// offer offers the audio that waits to me. The caller holds the lock of me.audio.
func (s *Server) offer(me *seat) error {
	a := &me.audio
	if a.offered || len(a.waiting) == 0 {
		return nil
	}
	if a.down == nil {
		pc, err := s.fateNow().Audio.connection(s.ip)
		if err != nil {
			return err
		}
		a.down = pc
	}
	for _, p := range a.waiting {
		track, err := webrtc.NewTrackLocalStaticRTP(p.codec, uuid(), p.from)
		if err == nil {
			_, err = a.down.AddTrack(track)
		}
		if err != nil {
			return err
		}
		p.carryTo(track)
	}
	a.waiting, a.offered = nil, true
	offer, err := a.down.CreateOffer(nil)
	if err != nil {
		return err
	}
	sdp, err := described(a.down, offer)
	if err == nil {
		me.write(map[string]string{"type": "consume", "sdp": sdp})
	}
	return err
}

// carryTo writes p's packets to a track, one after the other, each when it is due.
func (p *producer) carryTo(track *webrtc.TrackLocalStaticRTP) {
	queue := make(chan delayed, queued)
	p.mu.Lock()
	if !p.over {
		p.to = append(p.to, queue)
	} else {
		close(queue)
	}
	p.mu.Unlock()
	go func() {
		for d := range queue {
			time.Sleep(time.Until(d.due))
			track.WriteRTP(d.packet)
		}
	}()
}

// consumed takes a participant's answer to an offer.
func (s *Server) consumed(me *seat, answer string) error {
	a := &me.audio
	a.mu.Lock()
	defer a.mu.Unlock()
	a.offered = false
	if a.down == nil {
		return nil
	}
	d := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}
	if err := a.down.SetRemoteDescription(d); err != nil {
		return err
	}
	return s.offer(me)
}

// close ends both connections.
func (a *audio) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, pc := range []*webrtc.PeerConnection{a.up, a.down} {
		if pc != nil {
			pc.Close()
		}
	}
}

// Mute mutes, or unmutes, the participants of a room whose names begin with name, as the owner of a room can.
func (s *Server) Mute(room, name string, muted bool) {
	for _, p := range s.people(room) {
		if strings.HasPrefix(p.name, name) {
			p.write(map[string]any{"type": "mute", "muted": muted})
		}
	}
}
