// Package contract is what goes between this process and the page of the browser engine. web/src/contract.ts is made of
// it, names and comments alike: no name is written twice. It starts no browser and speaks no protocol.
//
// Times are in ms. What has a name in the result file has it here too; all else is named as TypeScript does.
package contract

import "rtcbench/bench"

//go:generate go run rtcbench/tools/contract -root ../../..

// JoinConfig is what the page needs to take a seat.
type JoinConfig struct {
	Page     bench.Page `json:"-"` // what the page may do
	Platform string     `json:"platform" ts:"'livekit' | 'daily'"`
	URL      string     `json:"url"`
	Token    string     `json:"token,omitempty"`
	// what carries the messages; "" = the platform's own
	Class     bench.TransportClass `json:"class,omitempty"`
	Role      bench.Role           `json:"role,omitempty" ts:"'runner' | 'echo' | 'caller'"`
	BundleURL string               `json:"bundleURL,omitempty"` // Daily's call machine, where it is mirrored
	UserName  string               `json:"userName,omitempty"`

	Within float64 `json:"within,omitempty"` // ms that are left for the join
}

// Seat is what Join gives.
type Seat struct {
	Identity string `json:"identity"`
	Facts    Facts  `json:"facts"`
}

// Plan is bench.Plan, with what the run is called on the wire.
type Plan struct {
	Count            int     `json:"count"`
	Cooldown         float64 `json:"cooldown"` // 0 = closed loop
	Timeout          float64 `json:"timeout"`
	Warmup           int     `json:"warmup"`
	EchoTimeout      float64 `json:"echoTimeout"`
	ReconnectTimeout float64 `json:"reconnectTimeout"`
	Payload          int     `json:"payload"`
	Numbered         bool    `json:"numbered"` // an audio packet's size tells its number
	Media            bool    `json:"media"`    // the page says bursts of noise, and finds them in what comes back
	// what is to carry the pings; "" = the platform's own
	Class bench.TransportClass `json:"class"`
	// slots begin at phase modulo cooldown of Unix time: runs at one time share a grid
	Aligned bool    `json:"aligned"`
	Phase   float64 `json:"phase"`
	Echo    string  `json:"echo"` // the only identity whose pongs count; "" = the first that answers
	Run     string  `json:"run"`  // names the run on the wire
}

// Sample is bench.Sample. Times count from the start of the run.
type Sample struct {
	Seq      uint32        `json:"seq"`
	Outcome  bench.Outcome `json:"outcome"`
	Reason   bench.Reason  `json:"reason"`
	Stamped  bool          `json:"stamped"` // hold and up are known
	Due      float64       `json:"due"`
	Sent     float64       `json:"sent"`
	SendCall float64       `json:"sendCall"`
	RTT      float64       `json:"rtt"`
	Hold     float64       `json:"hold"`
	Up       float64       `json:"up"`
}

// Batch is what the page tells of a run while it goes on. Together the batches hold everything.
type Batch struct {
	Batch   int          `json:"batch"`           // its number, from 0: they may overtake each other
	Samples Columns      `json:"samples"`         // new ones, and those whose fate has changed
	State   State        `json:"state"`           // as it is by now
	Facts   *Facts       `json:"facts,omitempty"` // when they have changed
	Hidden  bool         `json:"hidden"`          // the page was in the background since the run began
	Bursts  []NoiseBurst `json:"bursts"`          // that were found, or given up, since the last batch
}

// NoiseBurst is bench.NoiseBurst. It was said at that Unix ms.
type NoiseBurst struct {
	Seq       int      `json:"seq"`
	At        float64  `json:"at"`
	Ear       *float64 `json:"ear"` // null = it was not heard
	Match     float64  `json:"match"`
	Buffer    *float64 `json:"buffer"` // null = nobody tells
	Target    *float64 `json:"target"`
	Played    int      `json:"played"`
	Concealed int      `json:"concealed"`
}

// Phase is a phase of the join, told at once. When the join ends too late, this is what it had done.
type Phase struct {
	Reached string `json:"reached"`
}

// Say is something for a seat with a voice to say.
type Say struct {
	Number  uint32   `json:"number"`  // names it; 0 = what it says while there is nothing to say, over and over
	Packets []string `json:"packets"` // Opus, of 20 ms each, in base64
}

// Call is how a seat with a voice begins.
type Call struct {
	Quiet            Say     `json:"quiet"`
	ReconnectTimeout float64 `json:"reconnectTimeout"` // 0 = as long as the platform's library waits
}

// Talk is what a seat with a voice tells while a call goes on.
type Talk struct {
	Talk  int     `json:"talk"` // its number, from 1: they may overtake each other
	Heard []Heard `json:"heard"`
	Ended string  `json:"ended"` // why the seat is lost; "" = it is not
}

// Heard is bench.Heard. What has no meaning for its kind is left out.
type Heard struct {
	Kind   string  `json:"kind" ts:"'sound' | 'spoken' | 'joined' | 'left' | 'told'"`
	At     float64 `json:"at"` // Unix ms
	From   string  `json:"from,omitempty"`
	Track  int     `json:"track,omitempty"`
	Seq    uint16  `json:"seq,omitempty"`
	Stamp  uint32  `json:"stamp,omitempty"`
	Packet string  `json:"packet,omitempty"` // in base64
	Say    uint32  `json:"say,omitempty"`
	Index  int     `json:"index,omitempty"` // of its packet
	Last   bool    `json:"last,omitempty"`  // no other packet of it will leave
	What   string  `json:"what,omitempty"`
	Text   string  `json:"text,omitempty"`
}

// State is a run as it is by now, but for its samples.
type State struct {
	Ended  bench.Ended `json:"ended" ts:"'complete' | 'interrupted' | 'disconnected'"`
	Error  string      `json:"error"`  // "" = none
	NoEcho bool        `json:"noEcho"` // nobody answered
	Start  float64     `json:"start"`  // Unix ms; 0 = no counted ping yet
	End    float64     `json:"end"`

	FirstPong float64      `json:"firstPong"` // after the join began; 0 = none came
	Identity  string       `json:"identity"`  // of the echo
	Kind      string       `json:"kind"`
	Others    []string     `json:"others"` // that answered too
	Counts    bench.Counts `json:"counts"`
	Strays    int          `json:"strays"`    // pongs that match no ping of ours …
	Unmatched int          `json:"unmatched"` // of the run's own echo: strays, and what nobody can read
	Ways      bench.Ways   `json:"ways"`      // of the lost pings
}

// Told is what a platform's library, and the platform itself, tell of a seat.
type Told struct {
	EngineVersion string       `json:"engineVersion"`
	Outbound      *Channel     `json:"outbound,omitempty"` // of what we send
	Inbound       *Channel     `json:"inbound,omitempty"`  // of what is sent to us
	Server        bench.Server `json:"server,omitzero"`    // LiveKit's
	Daily         bench.Daily  `json:"daily,omitzero" ts:"Partial<Daily>"`
	// of a seat that speaks by audio
	Audio []bench.AudioLeg `json:"audio,omitempty"`
}

// Facts is what is known of a seat. Moments are in Unix ms.
type Facts struct {
	Told
	Reconnects  int      `json:"reconnects"`
	Changes     []Change `json:"changes"`
	Way         string   `json:"way" ts:"Way | ''"` // by which the pings leave; "" = not seen, or by two
	JoinStarted float64  `json:"joinStarted"`
	Phases      []Step   `json:"phases"`
	Pairs       []Pair   `json:"pairs"`
}

// Channel is what a data channel was opened with.
type Channel struct {
	Ordered        bool    `json:"ordered"`
	MaxRetransmits *uint16 `json:"maxRetransmits"` // null = without limit
}

// Step is bench.Phase: a step of connecting, with when it was reached after the join began.
type Step struct {
	Name string  `json:"name"`
	Leg  string  `json:"leg"`
	At   float64 `json:"at"`
}

// Pair is bench.ICEPair.
type Pair struct {
	Leg    string    `json:"leg"`
	At     float64   `json:"at"`
	Local  Candidate `json:"local"`
	Remote Candidate `json:"remote"`
}

// Candidate is bench.Candidate.
type Candidate struct {
	Type          string `json:"type"`
	Protocol      string `json:"protocol"`
	RelayProtocol string `json:"relayProtocol,omitempty"`
	Family        string `json:"family"`
	Address       string `json:"address"`
}

// Change is bench.Change: a part of the way that became another.
type Change struct {
	What string  `json:"what" ts:"'topology' | 'sfu' | 'region' | 'node' | 'audio stream'"`
	From string  `json:"from"`
	To   string  `json:"to"`
	At   float64 `json:"at"`
}

// Ways by which a message can leave, as the page sees them, and what they are.
var Ways = map[string]bench.TransportClass{
	"websocket":            bench.SignallingWebSocket,
	"datachannel-reliable": bench.DataChannelReliable,
	"datachannel-lossy":    bench.DataChannelLossy,
	"rtp-audio":            bench.RTPAudio,
}
