// Package hub is the centre of a fleet: it lets runners join, hears their state, signs their plan, and keeps their
// runs. It works with a NATS server with JetStream, either inside this process or in a cluster elsewhere. Runners reach
// the hub through its HTTP handler only.
package hub

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats.go"

	"rtcbench/internal/fleet"
	"rtcbench/internal/outbox"
)

// Options configure a hub.
type Options struct {
	Dir     string // folder of the hub; other users must not read it
	Version string
	Log     *slog.Logger
	Admin   string          // admin token; "" = the one in the folder, which is made if need be
	Stores  []outbox.Target // each run is kept in all of them

	NATS string // URLs of NATS servers elsewhere; "" = a server inside this process

	Config string // file that the orders come from; "" = they come from somewhere else
	// Read turns the source of a plan into orders; nil = plans come from Order alone.
	Read func(Source) (Orders, error)

	// Page is served at /, to clients that send the admin token and to users that the proxy names; nil = nothing is
	// served.
	Page  http.Handler
	Proxy Proxy
}

// Hub is the centre of a fleet. Its user closes it.
type Hub struct {
	options  Options
	lock     *flock.Flock
	keys     *keys
	book     *book
	engine   engine
	revoking rounds
	nc       *nats.Conn
	presence *presence
	lines    lines
	started  time.Time
	counts   counts
	away     away
	issued   issued
	demands  demands
	leasing  desk
	hosting  desk // for places whose jobs may need rooms to be made
	rooms    *rooms
	past     *past
	untidy   chan struct{} // wakes the goroutine that removes rooms
	work     sync.WaitGroup
	living   context.Context // ends when the hub closes
	stop     context.CancelFunc
	kept     chan struct{} // closed when no run is being saved any more
	unshare  func()        // stops following the other hubs; nil = there are none
}

// counts are counted since the start of this process.
type counts struct{ kept, rejected atomic.Int64 }

// AdminFile is the file in the hub's folder that holds the admin token.
const AdminFile = "admin-token"

// Open starts a hub in o.Dir. Another hub in the same folder is an error.
func Open(o Options) (h *Hub, err error) {
	if len(o.Stores) == 0 {
		return nil, errors.New("a hub needs a store: what it says is kept has to lie in one")
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the hub's folder: %w", err)
	}
	h = &Hub{options: o, lock: flock.New(filepath.Join(o.Dir, "lock")), presence: newPresence(), started: time.Now(),
		leasing: desk{served: make(chan struct{}, 2)}, hosting: desk{served: make(chan struct{}, 4)},
		untidy: make(chan struct{}, 1)}
	h.living, h.stop = context.WithCancel(context.Background())
	locked, err := h.lock.TryLock()
	switch {
	case err != nil:
		h.stop()
		return nil, fmt.Errorf("lock the hub's folder: %w", err)
	case !locked:
		h.stop()
		return nil, fmt.Errorf("a hub works in %s already", o.Dir)
	}
	defer func() {
		if err != nil {
			h.Close()
		}
	}()
	if h.keys, err = loadKeys(o.Dir); err != nil {
		return h, err
	}
	if h.book, err = openBook(o.Dir); err != nil {
		return h, err
	}
	if h.rooms, err = openRooms(filepath.Join(o.Dir, "rooms"), o.Log); err != nil {
		return h, err
	}
	if h.past, err = openPast(filepath.Join(o.Dir, "plans")); err != nil {
		return h, err
	}
	if h.options.Admin == "" {
		if h.options.Admin, err = AdminToken(o.Dir); err != nil {
			return h, err
		}
	}
	return h, h.begin()
}

// begin connects to NATS and starts the hub's goroutines.
func (h *Hub) begin() (err error) {
	if h.engine, err = startEngine(h.options, h.keys, h.book.revoked()); err != nil {
		return err
	}
	if h.nc, err = h.engine.connect(h.options.Log); err != nil {
		return err
	}
	starting, cancel := context.WithTimeout(h.living, startTimeout)
	defer cancel()
	replicas := 1
	if h.nc.ConnectedClusterName() != "" {
		replicas = 3
	}
	if h.options.NATS != "" {
		if err := h.share(starting, replicas); err != nil {
			return err
		}
	}
	if err := h.adopt(); err != nil {
		h.options.Log.Error("go on with the plan before", "error", err)
	}
	// QueueSubscribe: one of the hubs answers a request. Subscribe: all hubs hear the hellos and the results.
	if _, err = h.nc.QueueSubscribe(fleet.AskSubject, "hub", h.asked); err != nil {
		return err
	}
	if _, err = h.nc.Subscribe(fleet.Ask("*", fleet.Hellos), h.noted); err != nil {
		return err
	}
	if _, err = h.nc.Subscribe(fleet.Ask("*", fleet.Rans), h.ran); err != nil {
		return err
	}
	runs, err := makeStream(starting, h.nc, replicas)
	if err != nil && h.options.NATS == "" {
		return fmt.Errorf("%w: where the files in %s are damaged, move that folder away; a run that no store has "+
			"waits at its runner", err, natsDir(h.options.Dir))
	}
	if err != nil {
		return err
	}
	h.kept = make(chan struct{})
	go h.keepRuns(h.living, runs)
	h.work.Go(func() { h.watch(h.living) })
	h.work.Go(func() { h.keepTidy(h.living) })
	return h.nc.Flush()
}

// share connects this hub's book with the other hubs that use the same servers.
func (h *Hub) share(starting context.Context, replicas int) error {
	s, err := openShared(starting, h.nc, h.keys, replicas)
	if err != nil {
		return err
	}
	if h.unshare, err = h.book.share(h.living, s, h.changedElsewhere, h.options.Log); err != nil {
		return err
	}
	return h.throwOut()
}

// throwOut disconnects all revoked runners. Calls at the same time share one pass over the connections.
func (h *Hub) throwOut() error {
	return h.revoking.do(func() error { return h.engine.revoke(h.book.revoked()) })
}

// changedElsewhere is called when another hub has written something.
func (h *Hub) changedElsewhere(key string) {
	if name, ok := strings.CutPrefix(key, "members."); ok {
		if m, ok := h.book.member(name); !ok || !m.Revoked.IsZero() {
			h.presence.forget(name)
		}
	}
	if key == planKey {
		if err := h.adopt(); err != nil {
			h.options.Log.Error("take the plan of another hub", "error", err)
		}
	}
}

// AdminToken is the admin token of the hub in this folder. A missing token is made. A file that others can read is an
// error.
func AdminToken(dir string) (string, error) {
	path := filepath.Join(dir, AdminFile)
	data, err := os.ReadFile(path)
	if err == nil {
		token := strings.TrimSpace(string(data))
		if token == "" { // whoever shows none would have the right one
			return "", fmt.Errorf("%s is empty: remove it, and the hub makes a new token", path)
		}
		return token, private(path)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	token := strings.Replace(fleet.NewToken(), "rtcj-", "rtca-", 1)
	return token, outbox.WriteFile(path, []byte(token+"\n"))
}

// Admin is the admin token.
func (h *Hub) Admin() string { return h.options.Admin }

// Close ends what is under way and releases the folder. The handler answers nothing useful afterwards.
func (h *Hub) Close() error {
	h.lines.close()
	h.stop()
	if h.unshare != nil {
		h.unshare()
	}
	if h.nc != nil {
		h.nc.Close() // ends the wait for runs
	}
	if h.kept != nil {
		<-h.kept
	}
	h.work.Wait()
	if h.engine != nil {
		h.engine.close()
	}
	return h.lock.Unlock()
}

// Handler serves runners and administrators.
func (h *Hub) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+fleet.NotifyPath, h.wire)
	mux.HandleFunc("POST "+fleet.JoinPath, h.join)
	mux.HandleFunc("GET /healthz", h.health)
	mux.Handle("GET /metrics", h.admin(h.metrics().ServeHTTP))
	mux.Handle("GET /admin/members", h.admin(h.members))
	mux.Handle("POST /admin/run", h.admin(h.runNow))
	mux.Handle("GET /admin/run/{id}", h.admin(h.cameOf))
	mux.Handle("POST /admin/plan/check", h.admin(h.checkPlan))
	mux.Handle("POST /admin/plan/apply", h.admin(h.applyPlan))
	mux.Handle("POST /admin/tokens", h.admin(h.makeToken))
	mux.Handle("POST /admin/members/{name}/revoke", h.admin(h.revoke))
	mux.Handle("POST /admin/members/{name}/pause", h.admin(h.pause))
	if h.options.Page != nil {
		mux.Handle("/", h.reads(h.options.Page.ServeHTTP))
	}
	return mux
}

// admin calls do if the request has the admin token: as a bearer token (RFC 6750), or for reading as the password of
// any user (RFC 7617). A browser also sends a password for requests that other sites make, so a password permits no
// change.
func (h *Hub) admin(do http.HandlerFunc) http.Handler {
	want := sha256.Sum256([]byte(h.options.Admin))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if reads := r.Method == http.MethodGet || r.Method == http.MethodHead; !bearer && reads {
			_, shown, _ = r.BasicAuth()
		}
		got := sha256.Sum256([]byte(shown))
		if subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
			w.Header().Set("WWW-Authenticate",
				`Basic realm="rtcbench hub: the password is its admin token", charset="UTF-8"`)
			refuse(w, http.StatusUnauthorized, errors.New("the admin token is missing or wrong"))
			return
		}
		do(w, r)
	})
}
