package demo_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/lab"
	"rtcbench/internal/lab/stage"
	"rtcbench/internal/outbox"
	"rtcbench/internal/sandbox"
	"rtcbench/internal/store/sqlite"
)

// regions are two regions and a centre, each a network namespace: a runner in each region, a hub and a LiveKit server
// in the centre. All are processes of the real program.
type regions struct {
	t       *testing.T
	dir     string
	self    string
	network *lab.Network
	parts   lab.Processes
	said    map[string]string // files with what the processes say
}

// The regions, by the place of the lab that each is in.
var where = map[string]lab.Place{"near": lab.Runner, "far": lab.Echo}

// planOfRegions has both places measure the server of the centre every few seconds, and one a server of its region.
const planOfRegions = `every: 4s
platforms:
  livekit: {api-key: "${LIVEKIT_API_KEY}", api-secret: "${LIVEKIT_API_SECRET}"}
defaults: {iterations: 10, cooldown: 20, connect-timeout: 2s}
jobs:
  - {name: here, platform: livekit, server-url: "HERE", where: {location: near}}
  - {name: centre, platform: livekit, server-url: "CENTRE"}
`

// What the servers are configured with. The server of a region is this test again, in a process of its own.
const (
	regionalServer = "RTCBENCH_TEST_SERVER"
	regionalPort   = 7880
	serverKey      = "key"
	serverSecret   = "a secret of two regions, which nobody else can reach"
)

func TestMain(m *testing.M) {
	if os.Getenv(regionalServer) == "" {
		os.Exit(m.Run())
	}
	server, err := sandbox.Start(sandbox.Options{Port: regionalPort, Key: serverKey, Secret: serverSecret})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, stage.Ready+server.URL)
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	<-ended.Done()
	stop()
	server.Close()
}

func newRegions(t *testing.T) *regions {
	t.Helper()
	benchtest.NeedsRoot(t, "nothing is lost while the link of a place is cut")
	benchtest.Heavy(t)
	self, err := benchtest.Whole()
	if err != nil {
		t.Fatal(err)
	}
	way := "{both: {delay: 5ms}}"
	scenario, err := lab.Parse("regions", []byte("paths: {runner-sfu: "+way+", sfu-echo: "+way+"}"))
	if err != nil {
		t.Fatal(err)
	}
	network, err := lab.Build(scenario, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := &regions{t: t, dir: t.TempDir(), self: self, network: network, parts: lab.Processes{Network: network},
		said: map[string]string{}}
	t.Cleanup(func() {
		r.parts.End()
		if _, err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	plan := filepath.Join(r.dir, "fleet.yaml")
	here := fmt.Sprintf("ws://127.0.0.1:%d", regionalPort)
	text := strings.NewReplacer("HERE", here, "CENTRE", stage.URL()).Replace(planOfRegions)
	if err := os.WriteFile(plan, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	regional := exec.Command(os.Args[0])
	regional.Env = append(r.environ(), regionalServer+"=1")
	if err := r.parts.Wait(t.Context(), where["near"], regional, stage.Ready); err != nil {
		t.Fatal(err)
	}
	if err := r.parts.Wait(t.Context(), lab.SFU, r.command("lab", "serve"), stage.Ready); err != nil {
		t.Fatal(err)
	}
	hub := r.command("hub", "--listen", lab.SFU.Address()+":8443", "--tls-self", "--data-dir", r.path("centre"),
		"--config", plan, "--store", "sqlite:"+r.path("runs.db"))
	if err := r.parts.Wait(t.Context(), lab.SFU, hub, "hub at "); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *regions) path(name string) string { return filepath.Join(r.dir, name) }

// command is a command of the program for a place, which ends with the lab.
func (r *regions) command(args ...string) *exec.Cmd {
	cmd := exec.Command(r.self, append([]string{"lab", "enter"}, args...)...)
	cmd.Env = r.environ()
	return cmd
}

func (r *regions) environ() []string {
	return []string{benchtest.QuickExits(), "PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "TMPDIR=" + r.dir,
		"LIVEKIT_API_KEY=" + serverKey, "LIVEKIT_API_SECRET=" + serverSecret}
}

// there runs a command that ends by itself in a place, and gives its standard output.
func (r *regions) there(p lab.Place, name string, args ...string) string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = r.environ()
	var out []byte
	var err error
	r.network.Do(p, func() { out, err = cmd.Output() })
	if err != nil {
		r.t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// join starts a runner in its region, which joins.
func (r *regions) join(name string) {
	r.t.Helper()
	token := r.there(lab.SFU, r.self, "fleet", "token", "--data-dir", r.path("centre"))
	url, err := os.ReadFile(r.path("centre/hub/public"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.said[name] = r.path(name + ".log")
	log, err := os.Create(r.said[name])
	if err != nil {
		r.t.Fatal(err)
	}
	defer log.Close()
	cmd := r.command("runner", "--hub", strings.TrimSpace(string(url)), "--location", name, "--data-dir", r.path(name))
	cmd.Env = append(cmd.Env, "RTCBENCH_JOIN="+token)
	cmd.Stderr = log
	if err := r.parts.Start(where[name], cmd); err != nil {
		r.t.Fatal(err)
	}
}

// waiting are the runs in the outbox of a place.
func (r *regions) waiting(name string) (list []string) {
	r.t.Helper()
	entries, err := outbox.Open(r.path(name+"/outbox"), 64<<20).Waiting()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.RunID)
	}
	return list
}

// kept are the places of the runs that the hub has, by the ID of the run.
func (r *regions) kept() map[string]string {
	r.t.Helper()
	s, err := sqlite.OpenToRead(r.t.Context(), r.path("runs.db"))
	if err != nil {
		return nil // not yet
	}
	defer s.Close()
	list := map[string]string{}
	for run, err := range s.Runs(r.t.Context(), bench.Query{Invalid: true}) {
		if err != nil {
			r.t.Fatal(err)
		}
		if list[run.ID] != "" {
			r.t.Errorf("run %s is there twice", run.ID)
		}
		list[run.ID] = run.Location
	}
	return list
}

// of counts the runs of a place.
func of(kept map[string]string, name string) (n int) {
	for _, location := range kept {
		if location == name {
			n++
		}
	}
	return n
}

// await waits until ok.
func (r *regions) await(what string, ok func() bool) {
	r.t.Helper()
	for end := time.Now().Add(5 * time.Minute); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			var said []string
			for name, path := range r.said {
				text, _ := os.ReadFile(path)
				said = append(said, name+":\n"+string(text))
			}
			r.t.Fatalf("waited in vain until %s; kept: %v\n%s", what, r.kept(), strings.Join(said, "\n"))
		}
	}
}

// TestALinkIsCut: the link of one place is cut, to the hub and to the server, for seconds (for minutes in make
// test-long). The place goes on, the other place is not held up, and when the link is back the hub gets each run once.
func TestALinkIsCut(t *testing.T) {
	length := 10 * time.Second
	if os.Getenv("RTCBENCH_LONG") != "" {
		length = 3 * time.Minute
	}
	r := newRegions(t)
	r.join("near")
	r.join("far")
	r.await("both places have measured", func() bool {
		kept := r.kept()
		return of(kept, "near") > 0 && of(kept, "far") > 0
	})
	near := lab.Runner.Address()
	for _, cut := range []struct {
		name        string
		at          lab.Place
		begin, over string // arguments of ip
	}{
		{"the place sees it", lab.Runner, "link set wan0 down", "link set wan0 up"},
		{"nobody is told", lab.SFU, "route add blackhole " + near, "route del blackhole " + near},
	} {
		t.Log(cut.name)
		r.there(cut.at, "ip", strings.Fields(cut.begin)...)
		began, before := time.Now(), r.kept()
		waits := map[string]bool{}
		r.await("the cut was long enough, the place measured and the other was not held up", func() bool {
			for _, id := range r.waiting("near") {
				waits[id] = true
			}
			return time.Since(began) > length && len(waits) > 1 && of(r.kept(), "far") > of(before, "far")+1
		})
		during := r.kept()
		if n := of(during, "near") - of(before, "near"); n > 1 { // one may have been on its way to the store
			t.Errorf("%d runs came from a place whose link is cut", n)
		}
		if list := r.there(lab.SFU, r.self, "fleet", "ls", "--data-dir", r.path("centre")); length > 2*time.Minute &&
			!strings.Contains(list, "silent") {
			t.Errorf("fleet ls does not tell that a place is silent:\n%s", list)
		}
		r.there(cut.at, "ip", strings.Fields(cut.over)...)
		r.await("what waited is at the hub", func() bool {
			kept := r.kept()
			for id := range waits {
				if kept[id] != "near" {
					return false
				}
			}
			return true
		})
		r.await("the place measures again", func() bool { return of(r.kept(), "near") > of(during, "near")+len(waits) })
		t.Logf("%d runs of %v waited, %d of the other place came meanwhile", len(waits),
			time.Since(began).Round(time.Second), of(during, "far")-of(before, "far"))
	}
	for name := range where {
		if rejected, err := outbox.Open(r.path(name+"/outbox"), 64<<20).Rejected(); err != nil || len(rejected) > 0 {
			t.Errorf("%s: rejected: %v, %v", name, rejected, err)
		}
	}
}
