package bench

import "time"

// Leg names one of the connections of a session.
type Leg string

const (
	Publisher  Leg = "publisher"
	Subscriber Leg = "subscriber"
	Only       Leg = "only"
)

// Facts are the circumstances of a session. What is empty is not known.
type Facts struct {
	Identity      string // ours in the room
	Engine        string // "native" or "browser"
	EngineVersion string
	Transport     TransportClass
	Channel       Channel // of what we send
	Inbound       Channel // of what is sent to us, as the other side opened it
	JoinStarted   time.Time
	Phases        []Phase   // in the order in which they were reached
	ICE           []ICEPair // every selected pair, in the order of selection
	Server        Server
	Reconnects    int // how often the link went down

	Audio []AudioLeg // for RTPAudio: what was agreed of it, leg by leg

	Daily
	Changes []Change // of what should stay as it is, in the order in which they came
	Hidden  bool     // browser: the page was in the background, or frozen, at some time of the run
}

// Change is a part of the way that became another during the session.
type Change struct {
	What     string // "topology", "sfu" (Daily), "region", "node" (LiveKit), "audio stream" (its SSRC)
	From, To string
	At       time.Time
}

// Became notes that the part what of the way is to from the moment at on, and stores to in from. A value that was not
// known before, or is not known now, is no change.
func (f *Facts) Became(what string, from *string, to string, at time.Time) {
	if to == "" || to == *from {
		return
	}
	if *from != "" {
		f.Changes = append(f.Changes, Change{what, *from, to, at})
	}
	*from = to
}

// Channel is what a data channel was opened with.
type Channel struct {
	Known          bool
	Ordered        bool
	MaxRetransmits *uint16 // nil = without limit
}

// Phase is a step of connecting that was reached At after the join began.
type Phase struct {
	Name string // "signalling", "ice", "dtls", "data_channel"
	Leg  Leg    // "" where the step has none
	At   time.Duration
}

// ICEPair is a selected candidate pair (RFC 8445 §2.2).
type ICEPair struct {
	Leg           Leg
	At            time.Time
	Local, Remote Candidate
}

// Candidate is one end of a pair.
type Candidate struct {
	Type     string // host, srflx, prflx, relay
	Protocol string // udp, tcp
	// RelayProtocol of a local relay: how its TURN server is reached (udp, tcp, tls).
	RelayProtocol string
	Family        string // ipv4, ipv6
	Address       string // host:port; shown on demand only
}

// Server is what the platform says of itself. Its fields are the list of such facts: the page tells them, and files
// have them, by the name in json. One that came after the first version of the file is tagged is:"later".
type Server struct {
	Version string `json:"version"`
	Region  string `json:"region"`
	Node    string `json:"node"`
}

// Daily is what only Daily tells. Its fields are a list as those of Server are.
type Daily struct {
	Topology       string   `json:"topology"`        // sfu or peer
	SFU            string   `json:"sfu_id"`          // the id of the server
	Geo            string   `json:"geo"`             // the region asked for
	SignallingHost string   `json:"signalling_host"` // of the signalling WebSocket, where it can be seen
	NetworkRTT     Quantity `json:"network_rtt_ms"`  // what Daily says of the path; its unit is taken for ms
}
