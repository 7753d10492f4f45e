package bench

// Step is what a join waits for. Errors name the step at which a time was over.
type Step string

const (
	StepDNS     Step = "the address of the host's name"
	StepTCP     Step = "a TCP connection"
	StepTLS     Step = "the TLS handshake"
	StepAnswer  Step = "the answer to the request"
	StepUpgrade Step = "the answer to the HTTP upgrade"
	StepJoin    Step = "the server's answer to the join"
	StepICE     Step = "a way for data (ICE)"
	StepDTLS    Step = "the DTLS handshake"
	StepChannel Step = "the data channels"
	StepPong    Step = "the first pong"
)
