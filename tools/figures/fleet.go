package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
)

// centre is rtcbench hub in a process of its own.
type centre struct {
	cmd *exec.Cmd
	at  call.Hub
}

var hubURL = regexp.MustCompile(`hub at (https://\S+#[\w-]+)`)

// startHub starts a hub in dir that keeps runs in store.
func startHub(ctx context.Context, binary, dir, store string) (c centre, err error) {
	log, err := os.Create(filepath.Join(dir, "hub.log"))
	if err != nil {
		return c, err
	}
	defer log.Close()
	c.cmd = exec.CommandContext(ctx, binary, "hub", "--listen", "127.0.0.1:0", "--tls-self", "--data-dir", dir,
		"--store", store)
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(os.Interrupt) }
	c.cmd.Stdout, c.cmd.Stderr = log, log
	if err := c.cmd.Start(); err != nil {
		return c, err
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		text, _ := os.ReadFile(log.Name())
		found := hubURL.FindSubmatch(text)
		if found == nil {
			continue
		}
		if c.at.Address, err = fleet.ReadAddress(string(found[1])); err != nil {
			return c, err
		}
		admin, err := os.ReadFile(filepath.Join(dir, "hub", hub.AdminFile))
		c.at.Admin = strings.TrimSpace(string(admin))
		return c, err
	}
	return c, fmt.Errorf("the hub did not start: see %s", log.Name())
}

// stop ends the hub.
func (c centre) stop() {
	c.cmd.Process.Signal(os.Interrupt)
	c.cmd.Wait()
}

// memory is what the hub has in memory now, and what was the most, in MB; 0 = this system does not tell.
func (c centre) memory() (now, most float64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	for line := range strings.Lines(string(text)) {
		var kB float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kB); err == nil {
			now = kB * 1024 / 1e6
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kB); err == nil {
			most = kB * 1024 / 1e6
		}
	}
	return now, most
}

// settling is how long a hub has to give back the memory of a rush.
const settling = 15 * time.Second

// tellMemory prints what the hub has in memory now, when it has settled, and what was the most.
func (c centre) tellMemory(ctx context.Context) error {
	now, _ := c.memory()
	select {
	case <-time.After(settling):
	case <-ctx.Done():
		return ctx.Err()
	}
	settled, most := c.memory()
	row("  the hub's memory then, "+settling.String()+" later, and the most",
		fmt.Sprintf("%.0f, %.0f, %.0f MB", now, settled, most), "≤ 700 MB")
	return nil
}

// crowd are runners that are connected as real ones are, and measure nothing.
type crowd struct {
	centre
	files []*runner.File
	conns []*nats.Conn
	gone  int // that were thrown out

	planned, begun, seated counter // who has the newest plan, its first seats, and the seats of a day
}

// counter counts up to a number of runners, and then tells.
type counter struct {
	n    atomic.Int64
	want int64
	all  chan struct{}
}

func (c *counter) reset(want int) { c.want, c.all = int64(want), make(chan struct{}); c.n.Store(0) }

func (c *counter) add() {
	if c.n.Add(1) == c.want {
		close(c.all)
	}
}

// within waits until all are counted.
func (c *counter) within(ctx context.Context, what string) error {
	select {
	case <-c.all:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %d of %d runners when the time was over", what, c.n.Load(), c.want)
	}
}

// each does something for all of n, so many at one time, and gives the first error.
func each(n, atOnce int, do func(i int) error) error {
	var all sync.WaitGroup
	var next atomic.Int64
	var once sync.Once
	var first error
	for range atOnce {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					once.Do(func() { first = err })
					return
				}
			}
		})
	}
	all.Wait()
	return first
}

// join enrols all of them.
func (c *crowd) join(ctx context.Context, dir string) error {
	var made hub.TokenMade
	err := c.at.Do(ctx, http.MethodPost, "/admin/tokens", hub.TokenOrder{Uses: len(c.files), Life: time.Hour}, &made)
	if err != nil {
		return err
	}
	return each(len(c.files), 16, func(i int) (err error) {
		place := fleet.Place{Name: fmt.Sprintf("place-%05d", i), Location: fmt.Sprintf("city-%03d", i%500)}
		folder := filepath.Join(dir, place.Name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
		c.files[i], err = runner.Join(ctx, filepath.Join(folder, "fleet.json"), c.at.Address.String(), made.Token, "0",
			place, nil)
		return err
	})
}

// connect lets all of them come at one time, and say hello.
func (c *crowd) connect(ctx context.Context) error {
	return each(len(c.files), 256, func(i int) error {
		f := c.files[i]
		dial := func() (*nats.Conn, error) {
			return nats.Connect(c.at.Address.WebSocket(), nats.UserJWTAndSeed(f.JWT, f.Seed),
				nats.CustomInboxPrefix(fleet.InboxPrefix(f.Place.Name)), nats.ProxyPath(fleet.NotifyPath),
				nats.Secure(c.at.Address.TLS()), nats.Timeout(time.Minute), nats.NoReconnect(),
				nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
		}
		nc, err := dial()
		for tries := 1; err != nil && tries < 10 && ctx.Err() == nil; tries++ { // as runners do
			nc, err = dial()
		}
		if err != nil {
			return err
		}
		c.conns[i] = nc
		for _, subject := range []string{fleet.TellAll, fleet.TellSubject(f.Place.Name)} {
			if _, err := nc.Subscribe(subject, func(m *nats.Msg) { go c.told(ctx, i, m) }); err != nil {
				return err
			}
		}
		return c.ask(ctx, i, fleet.Hellos, fleet.Hello{Contract: fleet.Ours, Sent: time.Now()}, new(fleet.Heard))
	})
}

// ask asks as runners do, again where no answer comes.
func (c *crowd) ask(ctx context.Context, i int, what string, said, heard any) error {
	data, err := json.Marshal(said)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		m, err := c.conns[i].Request(fleet.Ask(c.files[i].Place.Name, what), data, 20*time.Second)
		if errors.Is(err, nats.ErrTimeout) {
			continue
		}
		if err != nil {
			return err
		}
		return json.Unmarshal(m.Data, heard)
	}
	return ctx.Err()
}

// told takes the plan that a runner was told of, and its seats, until they reach a day ahead.
func (c *crowd) told(ctx context.Context, i int, m *nats.Msg) {
	var told fleet.Told
	var s fleet.Signed
	if json.Unmarshal(m.Data, &told) != nil || told.Serial == 0 || c.ask(ctx, i, fleet.Plans, struct{}{}, &s) != nil {
		return
	}
	p, err := s.Open(c.files[i].PlanKey, told.Serial)
	if err != nil {
		return
	}
	c.planned.add()
	if len(p.For(c.files[i].Place)) == 0 {
		return
	}
	for to := p.Slot(time.Now()); to.Before(time.Now().Add(fleet.Lease - time.Hour)); {
		var got fleet.SeatsLeased
		want := fleet.SeatsWanted{Serial: p.Serial, From: to}
		if c.ask(ctx, i, fleet.Seats, want, &got) != nil || len(got.Seats) == 0 || !got.To.After(to) {
			return
		}
		if to.Before(time.Now()) {
			c.begun.add()
		}
		to = got.To
	}
	c.seated.add()
}

// apply gives the fleet another plan: one job each 5 minutes where that label is.
func (c *crowd) apply(ctx context.Context, where string) error {
	source := hub.Source{Name: "fleet.yaml", Text: `{every: 5m, jobs: [{name: all, platform: livekit,
		server-url: "wss://sfu.example.com", api-key: k, api-secret: secretsecretsecretsecretsecretsecret,
		where: {` + where + `}}]}`}
	for _, n := range []*counter{&c.planned, &c.begun, &c.seated} {
		n.reset(len(c.files) - c.gone)
	}
	return c.at.Do(ctx, http.MethodPost, "/admin/plan/apply", source, new(hub.Applied))
}
