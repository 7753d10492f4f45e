package fleet

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

// Join is the request with which a runner joins. The signature proves that the runner holds the key.
type Join struct {
	Contract
	Token     string `json:"token"`
	Place     Place  `json:"place"`
	Key       string `json:"key"`
	Version   string `json:"version"`
	Signature string `json:"signature"` // of signed, base64url
}

func (j Join) signed() []byte {
	all := []string{"rtcbench join", strconv.Itoa(j.Protocol), j.Token, j.Place.Name, j.Key}
	return []byte(strings.Join(all, "\x00"))
}

// Sign is j with the key and the signature of pair.
func (j Join) Sign(pair nkeys.KeyPair) (Join, error) {
	var err error
	if j.Key, err = pair.PublicKey(); err != nil {
		return j, err
	}
	s, err := pair.Sign(j.signed())
	j.Signature = base64.RawURLEncoding.EncodeToString(s)
	return j, err
}

// Check says what is wrong with j. It does not check the token.
func (j Join) Check() error {
	if err := j.Contract.Check("the runner", "this hub"); err != nil {
		return err
	}
	if err := j.Place.Check(); err != nil {
		return err
	}
	if !nkeys.IsValidPublicUserKey(j.Key) {
		return errors.New("the runner's key is none")
	}
	pub, err := nkeys.FromPublicKey(j.Key)
	if err != nil {
		return errors.New("the runner's key is none")
	}
	s, err := base64.RawURLEncoding.DecodeString(j.Signature)
	if err != nil || pub.Verify(j.signed(), s) != nil {
		return errors.New("the signature is not that of the runner's key")
	}
	return nil
}

// Welcome is the answer to a Join that is accepted.
type Welcome struct {
	JWT     string `json:"jwt"`
	PlanKey []byte `json:"plan_key"` // Ed25519 public key that checks the signatures of plans
}

// Refusal is the answer to a Join that is refused.
type Refusal struct {
	Error string `json:"error"`
}

// Hello is what a runner reports about itself every HelloEvery.
type Hello struct {
	Contract
	Version  string    `json:"version"`
	Sent     time.Time `json:"sent"`     // by the runner's clock
	Measures bool      `json:"measures"` // a measurement is under way
	Waiting  int       `json:"waiting"`  // runs in its outbox
	Error    string    `json:"error,omitempty"`
	Verdict  string    `json:"verdict,omitempty"` // of its last run
	LastRun  time.Time `json:"last_run,omitzero"`
	Serial   uint64    `json:"serial"` // of the plan that it has
	SeatsTo  time.Time `json:"seats_to,omitzero"`
	Clock    Clock     `json:"clock"`
	Once     bool      `json:"once,omitempty"` // the runner ends after one slot, and is heard again in another slot
}

// SilentAfter is how long a runner with this hello may be quiet before it counts as silent. every is the time between
// two slots of its plan.
func (h Hello) SilentAfter(every time.Duration) time.Duration {
	if h.Once {
		return SilentAfter + 2*every
	}
	return SilentAfter
}

// HelloEvery is how often a runner says hello. A runner that was not heard for SilentAfter counts as silent.
const (
	HelloEvery  = 30 * time.Second
	SilentAfter = 90 * time.Second
)

// AskTimeout is how long a runner waits for an answer. The runner does not read a later answer.
const AskTimeout = 20 * time.Second

// WatchedFor is how long a runner reports its pings after the message that somebody watches. WatchedEvery is how often
// the hub sends this message.
const (
	WatchedFor   = 30 * time.Second
	WatchedEvery = 10 * time.Second
)

// Heard is the answer to Hello: the hub's clock when the hello came and when the answer left, and what is new for the
// runner.
type Heard struct {
	Contract
	Version  string    `json:"version,omitempty"` // of the hub
	Refused  string    `json:"refused,omitempty"` // why this runner is refused; if set, ignore the rest
	Received time.Time `json:"received"`
	Answered time.Time `json:"answered"`
	Serial   uint64    `json:"serial"` // of the newest plan
	Paused   bool      `json:"paused,omitempty"`
}

// Clock is the offset of the runner's clock from the hub's: positive = ahead. The true offset is within Bound of
// Offset. Known is false until a Hello was answered.
type Clock struct {
	Known  bool          `json:"known"`
	Offset time.Duration `json:"offset_ns"`
	Bound  time.Duration `json:"bound_ns"`
}

// Lies reports whether c is impossible. A message left at sent by the runner's clock and came at received by the hub's.
// With c, it would have come before it left.
func (c Clock) Lies(sent, received time.Time) bool {
	return c.Offset+c.Bound < sent.Sub(received) || c.Bound < 0
}

// ClockOf computes the offset of two clocks from one exchange (RFC 5905 §8). sent and back are by the runner's clock,
// received and answered by the hub's. However unequal the two ways were, the true offset is within Bound.
func ClockOf(sent, received, answered, back time.Time) Clock {
	up, down := received.Sub(sent), back.Sub(answered)
	return Clock{Known: true, Offset: -(up - down) / 2, Bound: max(0, (up+down)/2)}
}
