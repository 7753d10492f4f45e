package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The engines: what speaks to a platform.
const (
	Native  = "native"  // Go, in this process
	Browser = "browser" // the platform's own JavaScript SDK, in Chromium
)

// Engines are all engines.
var Engines = []string{Native, Browser}

// Platform is what rtcbench has to know of a real-time platform to measure on it: one value, in one map.
type Platform struct {
	Name       string   // in flags, files and stores: "livekit"
	Title      string   // for people: "LiveKit"
	Engines    []string // what can speak to it, the usual one first
	MaxMessage int      // bytes of a message; 0 = no limit below that of rtcbench
	// Media are what a plan can ask for here, the messages that are the platform's own first.
	Media []TransportClass
	// Meet is a room as this process comes to it. It makes nothing yet. Tokens are to last for life.
	Meet func(where Place, life time.Duration) Meeting
	// Transport joins rooms by the native engine; nil = there is none.
	Transport Transport
	// Voice joins rooms with audio both ways; nil = nobody can.
	Voice Voice
	// Here plays the platform on this machine: a Place in it, and what ends it. nil = nobody can.
	Here   func() (Place, func() error, error)
	HereIs string // what plays it, for people
	// Rooms looks into the rooms that others make, for an echo that serves them; nil = the platform does not say.
	Rooms func(Place) Rooms
	// Invited reads the place that an echo service gave, and says what it gave instead where nobody can join there.
	Invited func(*Place) error
	// Lease makes seats for others; nil = nobody can.
	Lease *Leases
	// Page is what the browser engine has to know of the platform's page.
	Page Page
}

// Leases are how seats are made for other processes. The maker of a seat has the key of a Place; the process that takes
// the seat has no key.
type Leases struct {
	// Keys are settings of a job that stay with whoever makes seats, and what stands for each elsewhere; "" = nothing.
	Keys map[string]string
	// Make makes the seats of one room. It ends by ctx. The same room again is no error.
	Make func(ctx context.Context, where Place, of LeaseOf) (map[Role]Seat, error)
	// Remove removes such a room; one that is gone is no error. nil = Make speaks with nobody, and makes no room.
	Remove func(ctx context.Context, where Place, room string) error
	// Check says why a seat that somebody else made should not be taken. own is what whoever takes it knows of the
	// place.
	Check func(own Place, s Seat) error
}

// LeaseOf says which seats are made, and when they are valid.
type LeaseOf struct {
	Room        string
	Identity    map[Role]string // who takes them
	Class       TransportClass
	From, Until time.Time
}

// Carries reports whether a plan can ask for class on this platform. "" is the platform's own class.
func (p Platform) Carries(class TransportClass) bool {
	return class == "" || slices.Contains(p.Media, class)
}

// NotCarriedError means that a plan asks for a class that the platform does not carry.
type NotCarriedError struct {
	Platform string // for people
	Class    TransportClass
}

// Error names the platform and the class.
func (e *NotCarriedError) Error() string { return e.Platform + " has no " + e.Class.Label() }

// Channels are the words by which users ask for what carries their pings on this platform.
func (p Platform) Channels() (words []string) {
	for _, c := range classes {
		if c.channel != "" && (c.class == DataChannelReliable || p.Carries(c.class)) {
			words = append(words, c.channel)
		}
	}
	return words
}

// Has reports whether an engine can speak to the platform.
func (p Platform) Has(engine string) bool { return slices.Contains(p.Engines, engine) }

// Page is what a browser's page of a platform may do, and what it tells of its join. The hosts of a room's URL and of
// its bundle are always among those that the page speaks to.
type Page struct {
	Hosts     []string // further hosts that the page speaks to; "*." at the front stands for all below
	Family    []string // where the room's host ends in one of these, as ".livekit.cloud", all that do are spoken to
	Relays    []string // hosts of STUN and TURN servers, which no policy of a page governs
	Code      string   // where the platform's SDK loads its code from, unless Place.Bundle says; "" = it loads none
	Evaluates bool     // the platform's SDK fetches code from these hosts and evaluates it
	// Missing says by the phase that was reached last what has not happened yet; "" is the beginning.
	Missing map[string]Missing
}

// Missing is what has not happened yet in a join, and a question that may lead to the cause.
type Missing struct {
	What  string // "no answer"
	Maybe string // begins with a semicolon, or is empty
}

// Place says where a run meets, and with what right. What is empty is not given; which of these a platform reads is its
// own matter.
type Place struct {
	URL         string // of the server, or of the room
	Room        string // its name; "" = a fresh one, or the token's
	Token       string // one room and one participant
	Key, Secret string // to make rooms and tokens with
	Region      string // of a room that is made
	API         string // of the REST interface; "" = the public one
	Bundle      string // where the page fetches the platform's code; "" = the public place
	Agent       string // who is dispatched as the echo; "" = nobody
	Starter     Starter
	Guests      bool // the room is made for others: whoever is invited may come, and it ends with Delete for all
	// what carries the pings there: tokens that are made allow that, and one that is given has to
	Class TransportClass
}

// Starter is a service that starts an agent, and names the room that the agent is in.
type Starter struct {
	URL   string // "" = there is none
	Token string // who asks; "" = nobody asks for that
	Order string // what it is told, as JSON; "" = the usual
}

// Rooms looks into the rooms of a place.
type Rooms interface {
	// Named are the rooms whose names begin with prefix. There may be nobody in a room.
	Named(ctx context.Context, prefix string) ([]string, error)
	// Present are the identities of the participants of a room that may ping or answer. A room that is gone has none.
	Present(ctx context.Context, room string) ([]string, error)
}

// Meeting is one room, as this process comes to it. Its owner calls Delete at the end.
type Meeting interface {
	fmt.Stringer // the room for people, without a secret
	// URL is the URL of the room or its server, for results.
	URL() string
	// Open makes what is missing: a room, tokens, an order for an agent. It ends by ctx.
	Open(ctx context.Context) error
	// Seat gives the right to take one seat, for a participant whose name in the room is identity.
	Seat(role Role, identity string) (Seat, error)
	// Explain gives err, the reason why a seat was not taken, with what the platform says of that reason.
	Explain(ctx context.Context, seat Seat, err error) error
	// Complete notes in run what only the platform knows of the run, and gives err, the reason why the run ended early,
	// with what the platform says of that reason.
	Complete(ctx context.Context, run *Run, err error) error
	// Delete removes what Open made. What cannot be removed ends by itself, and is named in the error.
	Delete(ctx context.Context) error
}

// Role is what a participant of ours is for.
type Role string

// The roles of participants.
const (
	Runner   Role = "runner"
	Answerer Role = "echo"
	Guest    Role = "guest"  // a runner of somebody else's, invited by the echo service
	Speaker  Role = "caller" // it speaks, and listens to who answers
)

// NewIdentity makes a random name for a participant or a room of ours, which nobody else has.
func NewIdentity(role Role) string {
	return fmt.Sprintf("rtcbench-%s-%s", role, strings.ToLower(rand.Text()[:8]))
}

// Seat is the right to one seat in a room, and what a page of the browser engine needs beside it.
type Seat struct {
	Room
	Identity string
	Bundle   string
}
