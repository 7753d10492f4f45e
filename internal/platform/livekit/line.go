package livekit

import (
	"context"
	"fmt"
	"strings"
	"time"

	protocol "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
)

// Voice joins rooms of LiveKit servers. It publishes one track of audio, as a microphone, and listens to all tracks of
// others.
type Voice struct{}

var _ bench.Voice = Voice{}

// line is a session that speaks and listens.
type line struct {
	*session
	track *webrtc.TrackLocalStaticRTP
	next  uint16 // sequence number; Speak alone uses it
	told  *told
	heard chan bench.Heard
}

// mostHeard is how many packets and notes may wait to be heard: more than a minute of one track.
const mostHeard = 4096

// Call implements bench.Voice.
func (Voice) Call(ctx context.Context, room bench.Room, opts bench.JoinOptions) (bench.Line, error) {
	silence()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	opts.Class, opts.Role = bench.Turn, bench.Speaker
	l := &line{session: newSession(opts), heard: make(chan bench.Heard, mostHeard)}
	l.session.line, l.told = l, &told{line: l, seen: map[string]bool{}}
	if err := l.told.watch(l.session.room); err != nil {
		return nil, err
	}
	if _, err := take(ctx, l.session, room); err != nil {
		return nil, err
	}
	l.look()
	if err := l.publish(ctx); err != nil {
		l.Close()
		return nil, withoutToken(err, room)
	}
	return l, nil
}

// look takes notice of the participants who are there already.
func (l *line) look() {
	for _, p := range l.room.GetRemoteParticipants() {
		l.came(p)
		for _, pub := range p.TrackPublications() {
			if remote, ok := pub.(*lksdk.RemoteTrackPublication); ok {
				l.published(remote, p)
			}
		}
	}
}

// publish makes the track that Speak writes to. If an echo of rtcbench is in the room, it answers the pings in this
// track, which it knows by the track's name. The SDK's own call takes no context.
func (l *line) publish(ctx context.Context) (err error) {
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	if l.track, err = webrtc.NewTrackLocalStaticRTP(codec, pingTrack, "rtcbench"); err != nil {
		return err
	}
	published := make(chan error, 1)
	go func() {
		_, err := l.room.LocalParticipant.PublishTrack(l.track, &lksdk.TrackPublicationOptions{
			Name: pingTrack, Source: protocol.TrackSource_MICROPHONE, DisableDTX: true,
		})
		published <- err
	}()
	select {
	case err = <-published:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("publish an audio track: %w (may the token publish?)", err)
	}
	return nil
}

// Speak implements bench.Line.
func (l *line) Speak(packet []byte, samples uint64) (time.Time, error) {
	select {
	case <-l.done:
		return time.Time{}, l.err
	default:
	}
	head := rtp.Header{Version: 2, SequenceNumber: l.next, Timestamp: uint32(samples)}
	l.next++
	at := time.Now()
	l.track.WriteRTP(&rtp.Packet{Header: head, Payload: packet}) // its errors are those of a link that is down
	return at, nil
}

// Hear implements bench.Line.
func (l *line) Hear(ctx context.Context) (bench.Heard, error) {
	select {
	case h := <-l.heard:
		return h, nil
	default:
	}
	select {
	case h := <-l.heard:
		return h, nil
	case <-l.done:
		return bench.Heard{}, l.err
	case <-ctx.Done():
		return bench.Heard{}, ctx.Err()
	}
}

// Facts implements bench.Line.
func (l *line) Facts() bench.Facts {
	f := l.session.Facts()
	f.Transport, f.Channel, f.Inbound = bench.Turn, bench.Channel{}, bench.Channel{}
	return f
}

func (l *line) tell(h bench.Heard) {
	select {
	case l.heard <- h:
	case <-l.done:
	}
}

// listens adds the callbacks of a line to those of its session.
func (s *session) listens(c *lksdk.RoomCallback) {
	with := func(do func(*line)) {
		if s.line != nil {
			do(s.line)
		}
	}
	c.OnParticipantConnected = func(p *lksdk.RemoteParticipant) { with(func(l *line) { l.came(p) }) }
	c.OnParticipantDisconnected = func(p *lksdk.RemoteParticipant) {
		with(func(l *line) { l.tell(bench.Heard{From: p.Identity(), At: time.Now(), Kind: bench.HeardLeft}) })
	}
	c.OnTrackPublished = func(pub *lksdk.RemoteTrackPublication, p *lksdk.RemoteParticipant) {
		with(func(l *line) { l.published(pub, p) })
	}
	c.OnTrackSubscribed = func(t *webrtc.TrackRemote, _ *lksdk.RemoteTrackPublication, p *lksdk.RemoteParticipant) {
		with(func(l *line) { go l.listen(t, p.Identity()) })
	}
	c.OnAttributesChanged = func(changed map[string]string, p lksdk.Participant) {
		with(func(l *line) { l.told.attributes(changed, p.Identity()) })
	}
	c.OnTranscriptionReceived = func(list []*lksdk.TranscriptionSegment, p lksdk.Participant,
		_ lksdk.TrackPublication) {
		at := time.Now()
		with(func(l *line) {
			for _, segment := range list {
				if segment.Final && p != nil {
					l.told.transcribed(p.Identity(), segment.ID, segment.Text, at)
				}
			}
		})
	}
}

func (l *line) came(p *lksdk.RemoteParticipant) {
	if p.Kind() != lksdk.ParticipantEgress {
		l.tell(bench.Heard{From: p.Identity(), At: time.Now(), Kind: bench.HeardJoined})
	}
}

// published subscribes to a track of audio.
func (l *line) published(pub *lksdk.RemoteTrackPublication, _ *lksdk.RemoteParticipant) {
	if pub.Kind() == lksdk.TrackKindAudio {
		go pub.SetSubscribed(true) // the SDK calls back with its locks held
	}
}

// listen hands on what arrives of a track, until it ends.
func (l *line) listen(t *webrtc.TrackRemote, from string) {
	if t.Kind() != webrtc.RTPCodecTypeAudio || !strings.EqualFold(t.Codec().MimeType, webrtc.MimeTypeOpus) {
		return
	}
	stamped := l.media.stampsOf(t)
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		at := stamped.at
		if at.IsZero() {
			at = time.Now()
		}
		if len(p.Payload) == 0 { // padding alone: a probe of the bandwidth
			continue
		}
		l.tell(bench.Heard{From: from, At: at, Kind: bench.HeardSound, Track: t.ID(),
			Sound: bench.Sound{Seq: p.SequenceNumber, Timestamp: p.Timestamp, Packet: p.Payload}})
	}
}

var _ bench.Line = (*line)(nil)
