package fleet

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Plan is what all places do. All places get the same signed plan. Each place finds its jobs by their Where.
type Plan struct {
	Protocol int           `json:"protocol"` // lowest version of the contract that suffices to follow the plan
	Serial   uint64        `json:"serial"`   // a later plan has a higher serial
	Issued   time.Time     `json:"issued"`
	NotAfter time.Time     `json:"not_after"`
	Every    time.Duration `json:"every_ns"`
	Jitter   time.Duration `json:"jitter_ns"`
	Jobs     []Job         `json:"jobs"`
	LeftOut  []LeftOut     `json:"-"` // set by Open: jobs that this program cannot do
}

// Job is one measurement of a plan.
type Job struct {
	Name     string              `json:"name"`
	Platform string              `json:"platform"`
	Settings map[string][]string `json:"settings"` // flags of the platform's command
	Where    Where               `json:"where,omitempty"`
	Aligned  bool                `json:"aligned,omitempty"` // at the slot's beginning, the same at all places
	Longest  time.Duration       `json:"longest_ns"`        // the longest that the job may take
	Echo     string              `json:"echo,omitempty"`    // whose echo answers: EchoLocal, EchoMesh or place:NAME
	Among    []string            `json:"among,omitempty"`   // the places that measure, if other places answer
}

// Settings are the flags that a job of a plan may set. All other flags stay as the runner has them: a hub that was
// taken over must not choose programs to start, files to write, or places to load code from.
var Settings = []string{"server-url", "room", "geo", "iterations", "cooldown", "timeout", "warmup", "payload",
	"channel", "engine", "echo", "max-p95", "max-p99", "max-loss", "require-valid", "echo-timeout", "connect-timeout",
	"reconnect-timeout"}

// Check says what is wrong with p.
func (p Plan) Check() error {
	names := map[string]bool{}
	for _, j := range p.Jobs {
		if names[j.Name] {
			return fmt.Errorf("there are two jobs of the name %.80q: give one of them a name of its own", j.Name)
		}
		names[j.Name] = true
		if err := j.Check(); err != nil {
			return err
		}
	}
	return p.checkFrame()
}

// checkFrame checks p without its jobs.
func (p Plan) checkFrame() error {
	switch {
	case p.Protocol < Oldest || p.Protocol > Protocol:
		return fmt.Errorf("the plan is of version %d of the contract, and this rtcbench speaks %d to %d: %w",
			p.Protocol, Oldest, Protocol, ErrUnlike)
	case p.Every < time.Second || p.Jitter < 0 || p.Jitter >= p.Every:
		return errors.New("the plan's slots lie less than a second apart, or its jitter is longer than that")
	}
	return nil
}

// Check says what is wrong with j.
func (j Job) Check() error {
	if _, err := EchoOf(j.Echo); err != nil {
		return fmt.Errorf("job %.80q is answered by %.80q, and not by one of %w", j.Name, j.Echo, err)
	}
	for _, s := range slices.Sorted(maps.Keys(j.Settings)) {
		if !slices.Contains(Settings, s) {
			return fmt.Errorf("job %.80q sets %.40q, which no plan may set", j.Name, s)
		}
	}
	return nil
}

// For are the jobs of a place.
func (p Plan) For(place Place) (list []Job) {
	for _, j := range p.Jobs {
		if j.Where.Has(place) || j.Answers(place.Name) {
			list = append(list, j)
		}
	}
	return list
}

// Slot is the beginning of the slot that contains t.
func (p Plan) Slot(t time.Time) time.Time {
	every := p.Every.Nanoseconds()
	past := ((t.UnixNano() % every) + every) % every
	return t.Add(-time.Duration(past)).Round(0).UTC()
}

// Signed is a plan in transit: the bytes that were signed, and their signature (Ed25519, RFC 8032).
type Signed struct {
	Plan      []byte `json:"plan"`
	Signature []byte `json:"signature"`
}

// signedAs stands before the bytes that are signed: so a signature of a plan is valid for nothing else.
const signedAs = "rtcbench plan\x00"

// Sign signs a plan.
func (p Plan) Sign(key ed25519.PrivateKey) (Signed, error) {
	if err := p.Check(); err != nil {
		return Signed{}, err
	}
	data, err := json.Marshal(p)
	return Signed{data, ed25519.Sign(key, append([]byte(signedAs), data...))}, err
}

// Errors of plans that a runner refuses.
var (
	ErrForged   = errors.New("the plan is not signed by the key that was pinned when this runner joined")
	ErrOldPlan  = errors.New("the plan is older than the one that this runner has")
	ErrPlanOver = errors.New("the plan is over")
)

// Open is the plan if key has signed it. serial is the serial of the plan before; a lower one is ErrOldPlan. A job with
// a setting that plans may not set moves to LeftOut; the other jobs stay. If the contract of the plan is not
// understood, the error is ErrUnlike, and the plan has little more than its serial.
func (s Signed) Open(key []byte, serial uint64) (p Plan, err error) {
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, append([]byte(signedAs), s.Plan...), s.Signature) {
		return p, ErrForged
	}
	var head struct {
		Protocol int    `json:"protocol"`
		Serial   uint64 `json:"serial"`
	}
	if err := json.Unmarshal(s.Plan, &head); err != nil {
		return p, fmt.Errorf("read the plan: %w", err)
	}
	if head.Serial < serial {
		return p, fmt.Errorf("%w: serial %d after %d", ErrOldPlan, head.Serial, serial)
	}
	p = Plan{Protocol: head.Protocol, Serial: head.Serial, Every: time.Second}
	if err := p.checkFrame(); err != nil {
		return p, err
	}
	if err := json.Unmarshal(s.Plan, &p); err != nil {
		return p, fmt.Errorf("read the plan: %w", err)
	}
	p.Jobs = slices.DeleteFunc(p.Jobs, func(j Job) bool {
		err := j.Check()
		if err != nil {
			p.LeftOut = append(p.LeftOut, LeftOut{j, err})
		}
		return err != nil
	})
	return p, p.Check()
}

// LeftOut is a job of a plan that is not done here, and why.
type LeftOut struct {
	Job Job
	Err error
}

// Without is an error that names the jobs of a place that are left out; nil = there are none.
func (p Plan) Without(place Place) error {
	var all error
	for _, l := range p.LeftOut {
		if l.Job.Where.Has(place) || l.Job.Answers(place.Name) {
			all = errors.Join(all, fmt.Errorf("%w: it is left out; the hub may be newer", l.Err))
		}
	}
	return all
}
