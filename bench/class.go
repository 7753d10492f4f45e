package bench

// TransportClass is what carries a message; Path says by which protocols the message travels. In a plan it is the class
// that is asked for, and "" is the platform's own class. In facts it is the class that was seen.
type TransportClass string

const (
	DataChannelReliable TransportClass = "datachannel-reliable" // SCTP over DTLS, ordered, retransmitted
	DataChannelLossy    TransportClass = "datachannel-lossy"    // the same, unordered, few retransmissions
	SignallingWebSocket TransportClass = "signalling-websocket" // TLS over TCP
	InProcess           TransportClass = "in-process"           // no network at all
	RTPAudio            TransportClass = "rtp-audio"            // packets of an audio track, over SRTP
)

// classes says what people call each class, in the order in which classes are listed. A class without a channel cannot
// be asked for.
var classes = []struct {
	class   TransportClass
	label   string // in a sentence: "over the …"
	short   string // in a narrow table
	channel string // what a user asks for
}{
	{DataChannelReliable, "reliable data channel", "reliable", "reliable"},
	{DataChannelLossy, "lossy data channel", "lossy", "lossy"},
	{SignallingWebSocket, "signalling WebSocket", "websocket", ""},
	{InProcess, "way inside this process", "in-process", ""},
	{RTPAudio, "audio track", "audio", "audio"},
	{Turn, "audio track, turn by turn", "turn", ""},
}

// TransportClasses are all classes, in the order in which they are listed.
var TransportClasses = func() (list []TransportClass) {
	for _, c := range classes {
		list = append(list, c.class)
	}
	return list
}()

// Label names c for a person; a class that is not known has its own name.
func (c TransportClass) Label() string {
	for _, one := range classes {
		if one.class == c {
			return one.label
		}
	}
	return string(c)
}

// Short is Label for a narrow table.
func (c TransportClass) Short() string {
	for _, one := range classes {
		if one.class == c {
			return one.short
		}
	}
	return string(c)
}

// Channel is the word by which users ask for c. For a class that cannot be asked for, because it is a platform's own,
// it is the word of the reliable channel.
func (c TransportClass) Channel() string {
	for _, one := range classes {
		if one.class == c && one.channel != "" {
			return one.channel
		}
	}
	return DataChannelReliable.Channel()
}

// ClassOf is the class that a user's word asks for in a plan: "" for the reliable channel, which is the platform's own,
// and for no word at all.
func ClassOf(channel string) TransportClass {
	for _, one := range classes {
		if one.channel == channel && channel != "" && channel != DataChannelReliable.Channel() {
			return one.class
		}
	}
	return ""
}
