package bench

import "time"

// Assumed is what a judgement about voice takes for granted, because nobody measured it.
type Assumed struct {
	Capture, Frame, Playout time.Duration
	Buffer                  Quantity      // not known = the one that was measured
	Turn                    time.Duration // between the end of a caller's speech and an agent's reply
	Codec                   Codec
}

// Codec is what a codec takes of the rating. No standard has values for Opus.
type Codec struct {
	Known   bool
	Ie, Bpl float64
	Source  string // who says so
}

// Conversation is what a path means for a conversation of two people, or Why that cannot be told. It is of the worse of
// the two ways.
type Conversation struct {
	Known bool
	Why   string

	Way        string // "up", "down"
	MouthToEar time.Duration
	R, MOS     float64
	Bound      bool          // the codec is not known: R and MOS are of the delay alone, and at the most that
	Network    time.Duration // of a turn: there and back
	TurnShare  float64       // a ratio
	Parts      []ConversationPart
}

// ConversationPart is one line of how the rating of a Conversation came about. The Name of an assumed part is what
// Assumed calls it.
type ConversationPart struct {
	Name   string
	Known  bool
	Value  float64
	Unit   string // "ms", "%"; "" = a number
	Source string
}
