package bench

import (
	"context"
	"errors"
	"time"
)

// ErrNobody says that nobody was in a room to be called.
var ErrNobody = errors.New("nobody else is in the room")

// Voice joins rooms of one platform with a voice.
type Voice interface {
	// Call takes a seat in room and publishes one track of audio. It returns when Speak can work, and by ctx's end at
	// the latest. The line outlives ctx; the caller closes it.
	Call(ctx context.Context, room Room, opts JoinOptions) (Line, error)
}

// Line is a seat in a room with audio both ways. Its methods may be called at the same time.
type Line interface {
	// Speak sends one Opus packet of our track, in the order of the calls, and returns the moment just before the
	// packet left. samples is how many samples (of 48 kHz) of the track come before the packet. While the link is down
	// the packet goes nowhere, without an error.
	Speak(packet []byte, samples uint64) (time.Time, error)
	// Hear waits for the next thing that arrives: a packet of any audio track of others, or what others say of
	// themselves. Hear fails once the line is over, with the errors of Session.Recv.
	Hear(ctx context.Context) (Heard, error)
	// Facts are what is known of the seat by now.
	Facts() Facts
	// Close leaves the room and unblocks Hear. It may be called again.
	Close() error
}

// Performer is a Line that keeps the grid of its packets itself, as a browser's encoder does. It is told what to say,
// and tells of each packet when it left (HeardSpoken). Nobody calls its Speak.
type Performer interface {
	Line
	// Perform sends packets from the next slot on, one a slot, in the place of what is being said. say is the number of
	// these packets. Packets with the number 0 are repeated while there is nothing else to say.
	Perform(say uint32, packets [][]byte) error
	// Cut ends the packets with the number say, if they are being sent, with the next packet.
	Cut(say uint32) error
}

// Heard is one thing that arrived on a Line. At is the moment of its arrival, taken as near to the wire as possible.
type Heard struct {
	From  string // the participant's identity
	At    time.Time
	Kind  HeardKind
	Track string        // of Sound: the track, which nobody else's has
	Sound Sound         // of Sound
	What  string        // of Told: the attribute, or "transcription"
	Text  string        // of Told
	Say   uint32        // of Spoken: what was said …
	Index int           // … by which of its packets …
	Last  bool          // … which is the last that leaves
	RTT   time.Duration // of RTT
}

// HeardKind is what arrived.
type HeardKind uint8

// The kinds of Heard.
const (
	HeardSound  HeardKind = iota // a packet of audio
	HeardJoined                  // a participant is in the room, or came
	HeardLeft                    // a participant left
	HeardTold                    // something that a participant says of itself
	HeardSpoken                  // no arrival: a packet of ours has left a Performer
	HeardRTT                     // the server's report of our audio: the round trip time from here to the server
)

// Sound is one RTP packet of audio (RFC 3550 §5.1), as its track's sender numbered it.
type Sound struct {
	Seq       uint16
	Timestamp uint32 // of 48 kHz
	Packet    []byte // Opus
}
