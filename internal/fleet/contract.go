package fleet

import (
	"errors"
	"fmt"
)

// Protocol is the version of the contract between hub and runner. Oldest is the version before; this program
// understands it, too. Within a version, a message may get new fields: a reader ignores fields that it does not know.
// Any other change needs a new version. Since version 2, a hub that does not speak a runner's version says so in its
// answer.
const (
	Protocol = 2
	Oldest   = Protocol - 1
)

// Contract is the range of versions that the sender of a message speaks: from Protocol to Newest. Version 1 knows only
// Protocol.
type Contract struct {
	Protocol int `json:"protocol"`
	Newest   int `json:"newest,omitempty"`
}

// Ours are the versions that this program speaks.
var Ours = Contract{Protocol: Oldest, Newest: Protocol}

// ErrUnlike says that two programs have no version of the contract in common.
var ErrUnlike = errors.New("upgrade the older of the two")

// Check is an error if the sender of c and this program have no version in common. from names the sender, here this
// program.
func (c Contract) Check(from, here string) error {
	newest := max(c.Protocol, c.Newest)
	if c.Protocol <= Protocol && newest >= Oldest {
		return nil
	}
	return fmt.Errorf("%s speaks versions %d to %d of the contract, and %s %d to %d: %w", from, c.Protocol, newest,
		here, Oldest, Protocol, ErrUnlike)
}

// first is the contract of a hub that sends none.
var first = Contract{Protocol: 1}

// Unlike is an error if the hub that answered and this runner have no version in common, or if the hub says so itself.
func (h Heard) Unlike() error {
	if h.Refused != "" {
		return fmt.Errorf("the hub says: %.500s", h.Refused)
	}
	c := h.Contract
	if c.Protocol == 0 {
		c = first
	}
	return c.Check("the hub", "this runner")
}
