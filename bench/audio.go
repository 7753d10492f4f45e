package bench

import (
	"cmp"
	"slices"
	"strings"
)

// AudioLeg is what was agreed for the audio of one leg: the Publisher leg carries what we send, the Subscriber leg what
// is sent to us. In files and in the page its fields have the names of the json tags.
type AudioLeg struct {
	Leg         Leg      `json:"leg"`
	Codec       string   `json:"codec"` // its MIME type, as "audio/opus"
	ClockRate   int      `json:"clock_rate"`
	Channels    int      `json:"channels"`
	PayloadType int      `json:"payload_type"`
	RED         bool     `json:"red"`        // each packet carries those before it again (RFC 2198)
	DTX         bool     `json:"dtx"`        // the encoder may fall silent
	NACK        bool     `json:"nack"`       // lost packets are asked for again
	Extensions  []string `json:"extensions"` // URIs of header extensions
	// packets that came by retransmission; null = nobody tells
	Retransmitted *int `json:"retransmitted"`
	// where lost packets are asked for again: those that came after a later one, because they were sent again, or
	// because they were overtaken; absent = nobody tells
	AfterGap *int `json:"after_gap,omitempty"`
	// where the times of arrival were taken: "wire", "receive-time" or "page"
	Stamped string `json:"stamped"`
	// a pong waits for the echo's encoder, which is in the hold
	Carried bool `json:"carried,omitempty"`
}

// Where the times of arrival of audio were taken.
const (
	StampedWire        = "wire"         // before anything but decryption has looked at the packet
	StampedReceiveTime = "receive-time" // by the browser, as a frame's receiveTime
	StampedPage        = "page"         // by the page, when it got the frame
)

// Stamps are all values of AudioLeg.Stamped.
var Stamps = []string{StampedWire, StampedReceiveTime, StampedPage}

// Repaired is how many packets of the run came by retransmission, or after a gap that a retransmission may have filled.
// The times of these packets are the times of the repair.
func (r Run) Repaired() (n int) {
	for _, leg := range r.Facts.Audio {
		if leg.NACK && leg.Retransmitted != nil {
			n += *leg.Retransmitted
		}
		if leg.NACK && leg.AfterGap != nil {
			n += *leg.AfterGap
		}
	}
	return n
}

// NoRepair is the Repair of audio that stays lost where it was lost.
const NoRepair = "none"

// Repair names what mends losses of the run's audio, leg by leg, as "NACK of the subscriber". Runs with different
// repairs lose different shares of packets on the same path. "" = not known, or the run has no audio.
func (r Run) Repair() string {
	var list []string
	for _, leg := range r.Facts.Audio {
		if leg.NACK {
			list = append(list, "NACK of the "+string(leg.Leg))
		}
		if leg.RED {
			list = append(list, "RED of the "+string(leg.Leg))
		}
	}
	if len(r.Facts.Audio) == 0 {
		return ""
	}
	slices.Sort(list)
	return cmp.Or(strings.Join(list, ", "), NoRepair)
}
