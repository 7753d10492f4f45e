package hub

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/fleet"
)

// Orders are what the fleet is to do, including what only the hub may know.
type Orders struct {
	Every, Jitter time.Duration
	Jobs          []Order
	Source        Source // where the orders were read from; zero = this program made them
}

// Source is the text of a fleet file. ${NAME} in the text is replaced at the hub.
type Source struct {
	Name string `json:"name"` // of the file, for errors
	Text string `json:"text"`
}

// Order is a job, the place where its runs meet, and the key that makes its seats.
type Order struct {
	fleet.Job
	Place bench.Place
	Lease *bench.Leases
	Class bench.TransportClass // of the job's messages
	Plan  bench.Plan
}

// lasts is how long a plan is valid if no newer plan comes. The hub issues the plan again after half of that time.
const lasts = 30 * 24 * time.Hour

// issued is the current plan.
type issued struct {
	mu     sync.Mutex
	orders map[string]Order // by job
	last   Orders
	keptPlan
}

// planFile is the file in which a hub keeps its plan.
type planFile struct {
	Digest string       `json:"digest"` // of the plan without its serial and its times
	Signed fleet.Signed `json:"signed"`
	Source Source       `json:"source,omitzero"`
}

// planPath is the path of the planFile.
func (h *Hub) planPath() string { return filepath.Join(h.options.Dir, "plan.json") }

// Order makes o the orders of the fleet, and tells all runners. If the plan says the same as before, its serial stays.
func (h *Hub) Order(o Orders) (p fleet.Plan, err error) {
	h.issued.mu.Lock()
	defer h.issued.mu.Unlock()
	for {
		var other *changedError
		if p, err = h.order(o); !errors.As(err, &other) {
			return p, err
		}
	}
}

func (h *Hub) order(o Orders) (p fleet.Plan, err error) {
	now := time.Now().Round(0).UTC() // without the monotonic clock, which does not follow a change of the time of day
	p, orders, digest, err := o.plan(h.book.all())
	if err != nil {
		return p, err
	}
	last, err := h.lastPlan()
	if err != nil {
		return p, err
	}
	if digest == last.file.Digest && last.plan.NotAfter.Sub(now) > lasts/2 {
		h.follow(last)
		h.issued.orders, h.issued.last = orders, o
		return last.plan, nil
	}
	// The serial is at least the Unix time. A hub that was restored from a backup would otherwise issue serials that
	// runners refuse as too low.
	p.Serial = max(last.plan.Serial+1, uint64(now.Unix()))
	p.Issued, p.NotAfter = now, now.Add(lasts)
	signed, err := p.Sign(h.keys.plan)
	if err != nil {
		return p, err
	}
	file := planFile{digest, signed, o.Source}
	if err := h.book.shared.put(planKey, file); err != nil {
		return p, err
	}
	if err := writeOne(h.planPath(), file); err != nil {
		return p, fmt.Errorf("keep the plan: %w", err)
	}
	h.follow(keptPlan{p, file})
	h.issued.orders, h.issued.last = orders, o
	h.options.Log.Info("a plan", "serial", p.Serial, "jobs", len(p.Jobs), "every", p.Every)
	told, err := json.Marshal(fleet.Told{Serial: p.Serial})
	if err == nil {
		err = h.nc.Publish(fleet.TellAll, told)
	}
	return p, err
}

// plan turns orders into the plan for runners, without serial and times, and gives the digest of that plan.
func (o Orders) plan(members []fleet.Member) (p fleet.Plan, orders map[string]Order, digest string, err error) {
	p = fleet.Plan{Protocol: fleet.Oldest, Every: o.Every, Jitter: o.Jitter, Jobs: []fleet.Job{}}
	orders = map[string]Order{}
	for _, j := range o.Jobs {
		j.Among = j.among(members)
		if n := len(j.Among); n > fleet.MaxCallers && j.Echo != fleet.EchoMesh {
			return p, nil, "", fmt.Errorf("job %s: %d places would be answered by one, and %d are the most: choose by "+
				"where", j.Name, n, fleet.MaxCallers)
		}
		p.Jobs = append(p.Jobs, j.Job)
		orders[j.Name] = j
	}
	data, err := json.Marshal(p)
	sum := sha256.Sum256(data)
	return p, orders, hex.EncodeToString(sum[:]), err
}

// reorder issues the plan again after places came or went, if places answer one another.
func (h *Hub) reorder() {
	h.issued.mu.Lock()
	last, among := h.issued.last, false
	for _, j := range last.Jobs {
		among = among || j.Echo != fleet.EchoLocal
	}
	h.issued.mu.Unlock()
	if !among {
		return
	}
	if _, err := h.Order(last); err != nil {
		h.options.Log.Error("issue the plan anew for other places", "error", err)
	}
}

// keptPlan is a plan and the file in which it is kept.
type keptPlan struct {
	plan fleet.Plan
	file planFile
}

// lastPlan is the newest plan, issued by this hub or by another hub of the same fleet.
func (h *Hub) lastPlan() (k keptPlan, err error) {
	k = h.issued.keptPlan
	if k.plan.Serial == 0 {
		data, err := os.ReadFile(h.planPath())
		if err == nil {
			err = json.Unmarshal(data, &k.file)
		}
		if err == nil {
			k, err = h.opened(k.file)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return k, fmt.Errorf("read the plan before, %s: %w: move it away, and give the plan again; its serial is "+
				"of the time, and so it is higher", h.planPath(), err)
		}
	}
	if h.book.shared == nil {
		return k, nil
	}
	var theirs planFile
	found, err := h.book.shared.get(planKey, &theirs)
	if err != nil || !found {
		return k, err
	}
	other, err := h.opened(theirs)
	if err == nil && other.plan.Serial > k.plan.Serial {
		k = other
	}
	return k, err
}

// opened reads a kept plan. If the plan's contract is not understood any more, only its serial and its source count:
// the plan is made again from the source.
func (h *Hub) opened(file planFile) (keptPlan, error) {
	plan, err := file.Signed.Open(h.keys.planKey(), 0)
	if errors.Is(err, fleet.ErrUnlike) {
		file, err = planFile{Source: file.Source}, nil
	}
	if errors.Is(err, fleet.ErrForged) {
		err = errors.New("it is not signed by this hub's key")
	}
	return keptPlan{plan, file}, err
}

// adopt takes over the newest plan: of this hub before its restart, or of another hub.
func (h *Hub) adopt() error {
	h.issued.mu.Lock()
	defer h.issued.mu.Unlock()
	last, err := h.lastPlan()
	if err != nil || last.plan.Serial == h.issued.plan.Serial {
		return err
	}
	if source := last.file.Source; source.Text != "" && h.options.Read != nil {
		o, err := h.options.Read(source)
		if err != nil {
			return fmt.Errorf("the plan %d: %w", last.plan.Serial, err)
		}
		if len(last.file.Signed.Plan) == 0 {
			_, err := h.order(o)
			return err
		}
		_, orders, digest, err := o.plan(h.book.all())
		if err != nil {
			return err
		}
		if digest != last.file.Digest {
			h.options.Log.Warn("the plan says something else here than where it was issued: is the environment "+
				"another?", "serial", last.plan.Serial)
		}
		h.issued.orders, h.issued.last = orders, o
	}
	if len(last.file.Signed.Plan) == 0 {
		return nil
	}
	h.follow(last)
	return writeOne(h.planPath(), last.file)
}

// follow makes k the current plan. The caller holds issued.mu.
func (h *Hub) follow(k keptPlan) {
	h.issued.keptPlan = k
	if err := h.past.add(k.plan); err != nil {
		h.options.Log.Warn("keep the plan for runs that come late", "error", err)
	}
}

// current is the current plan; its serial is 0 if there is none.
func (h *Hub) current() (fleet.Plan, fleet.Signed) {
	h.issued.mu.Lock()
	defer h.issued.mu.Unlock()
	return h.issued.plan, h.issued.file.Signed
}
