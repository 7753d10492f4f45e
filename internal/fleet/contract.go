package fleet

import (
	"errors"
	"fmt"
)

// Protocol is the version of the contract between hub and runner, and Oldest the one before, which is understood, too.
// Within both a message may have fields that its reader does not know: the reader leaves them out. A version is added
// where that is not enough. Version 2: a hub that is asked in a contract that it does not speak says so.
const (
	Protocol = 2
	Oldest   = Protocol - 1
)

// Contract is what a message says of the versions that its sender speaks: all from Protocol to Newest. Version 1 says
// Protocol alone, and reads no more than that.
type Contract struct {
	Protocol int `json:"protocol"`
	Newest   int `json:"newest,omitempty"`
}

// Ours are the versions that this program speaks.
var Ours = Contract{Protocol: Oldest, Newest: Protocol}

// ErrUnlike says that the other end speaks no version of the contract that this one does.
var ErrUnlike = errors.New("upgrade the older of the two")

// Check says whether whoever sent c and this program speak a version that is the same. from and here name them.
func (c Contract) Check(from, here string) error {
	newest := max(c.Protocol, c.Newest)
	if c.Protocol <= Protocol && newest >= Oldest {
		return nil
	}
	return fmt.Errorf("%s speaks versions %d to %d of the contract, and %s %d to %d: %w", from, c.Protocol, newest,
		here, Oldest, Protocol, ErrUnlike)
}

// first is the contract of a hub that says nothing of it.
var first = Contract{Protocol: 1}

// Unlike says whether the hub that answered speaks no version of the contract that this runner does, or says so itself.
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
