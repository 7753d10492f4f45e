// Package options is how a server of the sandbox is to be. It is a package of its own because tests start that server
// as another program: whoever only describes a server does not link LiveKit's.
package options

// Server says what is otherwise chosen: the loopback address, free ports, a fresh key and secret.
type Server struct {
	Address       string // IPv4, of an interface that is up
	Port, UDPPort int
	Key, Secret   string

	TCPPort      int  // of ICE over TCP; 0 = none, and otherwise UDP is not offered
	NoAutoCreate bool // rooms have to be made before anybody joins

	Codecs []string // MIME types of what may be published; none = all that LiveKit knows
}
