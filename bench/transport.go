package bench

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNotConnected is returned by Send while the link is down and may come back.
	ErrNotConnected = errors.New("not connected")
	// ErrMuted is returned by Send while our audio track is muted or taken down, and may come back.
	ErrMuted = errors.New("the audio track is muted")
	// ErrEnded wraps the reason why a session that nobody closed is over for good:
	// the room ended, the participant was removed, the link did not come back.
	ErrEnded = errors.New("session ended")
	// ErrClosed is returned by Send and Recv after Close.
	ErrClosed = errors.New("session closed")
)

// Transport joins rooms of one platform.
type Transport interface {
	// Join takes a seat in room. It returns when Send can work, and by ctx's end at the
	// latest whatever the SDK does. The session outlives ctx; the caller closes it.
	Join(ctx context.Context, room Room, opts JoinOptions) (Session, error)
}

// Session is one participant's seat in a room. Its methods may be called at the same time.
type Session interface {
	// Send hands m to the platform. It returns by ctx's end at the latest, with
	// ErrNotConnected at once while the link is down, ErrMuted while our audio is, and with an error that wraps
	// ErrEnded or is ErrClosed when it will not come back. m.Payload is not kept.
	Send(ctx context.Context, m Message) error
	// Recv waits for the next message of another participant. What arrived before the
	// end of the session is still handed out; then it fails like Send, never with ErrNotConnected.
	Recv(ctx context.Context) (Packet, error)
	// Facts are what is known of the seat by now.
	Facts() Facts
	// Close leaves the room and unblocks Send and Recv. It may be called again.
	Close() error
}

// Direct is a Session that can hand on packets of audio where they arrive: an echo answers them without a wait for
// another goroutine.
type Direct interface {
	// Direct makes f take each packet of audio from now on, in the goroutine that read the packet. Recv gives no packet
	// of audio while f is set; Direct(nil) gives the packets back to Recv. f may be called several times at once, and
	// keeps no payload.
	Direct(f func(Packet))
}

// Room is where runner and echo meet.
type Room struct {
	URL   string // of the server
	Name  string // "" when only the token knows
	Token string // the right to join; never printed
}

// JoinOptions is how a participant takes its seat.
type JoinOptions struct {
	Identity         string         // who to be, where the token does not say
	ReconnectTimeout time.Duration  // a link that was down this long ends the session
	Class            TransportClass // what carries our messages, which Facts describes; "" = the platform's own
	Role             Role           // what the seat is for; "" = a Runner
}

// Message goes to one participant, or to the whole room when To is "".
type Message struct {
	Payload []byte
	To      string
	Class   TransportClass // what is to carry it; "" = the platform's own
	Answers MediaTime      // of the packet of audio that it answers: its sound keeps its place in time
}

// Packet is a message that arrived. At is stamped in the SDK's callback, before any queue.
type Packet struct {
	Payload []byte
	From    string
	At      time.Time
	Class   TransportClass // what carried it, where that is more than messages: RTPAudio; else ""
	Media   MediaTime      // of a packet of audio
}

// MediaTime is a moment on the clock of a stream of audio: an RTP time stamp, in samples from a random beginning (RFC
// 3550 §5.1). The zero value is no moment.
type MediaTime struct {
	Stamp uint32
	OK    bool
}
