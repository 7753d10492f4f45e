package hub_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/measure"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
	"rtcbench/internal/store/sqlite"
)

// hubProcess is a hub that works until it is killed.
func hubProcess(dir, at string) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	certificate, _, err := hub.SelfSigned(dir)
	var h *hub.Hub
	if err == nil {
		h, err = hub.Open(hub.Options{Dir: dir, Version: "v1", Log: log, Admin: "admin",
			Stores: []outbox.Target{database(dir)}})
	}
	if err == nil {
		_, err = h.Order(orders(5))
	}
	var l net.Listener
	if err == nil {
		l, err = net.Listen("tcp", at)
	}
	if err == nil {
		err = h.Serve(context.Background(), l, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	fmt.Fprintln(os.Stderr, "the hub ended:", err)
	os.Exit(1)
}

// restCount is how many runs wait in a runner's outbox when it starts, as after an hour without the hub: so that a kill
// meets a delivery, and not only the second before the first slot.
const restCount = 10

// runnerProcess is a runner that works until it is killed, with so many runs that wait. It writes down each of its
// runs: "made" before the outbox has it, and "waits" after.
func runnerProcess(path string, rest int) {
	note := func(what, id string) error {
		f, err := os.OpenFile(path+".notes", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = fmt.Fprintln(f, what, id)
			err = errors.Join(err, f.Close())
		}
		return err
	}
	f, err := runner.Load(path)
	for i := 0; err == nil && i < rest; i++ {
		run := benchtest.StoredRun(20, time.Now())
		run.Location = f.Place.Location
		if err = note("made", run.ID); err != nil {
			break
		}
		err = box(f).Put(result.NewDocument(bench.NewRecord(run)), []string{runner.HubStore})
		if err == nil {
			err = note("waits", run.ID)
		}
	}
	if err == nil {
		o := options(f)
		measures := o.Measure
		o.Measure = func(ctx context.Context, j measure.Job, seat fleet.Seat, w measure.Watcher) (bench.Run, error) {
			run, err := measures(ctx, j, seat, w)
			return run, errors.Join(err, note("made", run.ID))
		}
		var r *runner.Runner
		if r, err = runner.New(f, o); err == nil {
			err = r.Run(context.Background())
		}
	}
	fmt.Fprintln(os.Stderr, "the runner ended:", err)
	os.Exit(1)
}

// notes are the runs that a runner wrote down so.
func notes(t *testing.T, f *runner.File, what string) (list []string) {
	t.Helper()
	data, err := os.ReadFile(f.Path() + ".notes")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if id, is := strings.CutPrefix(strings.TrimSpace(line), what+" "); is {
			list = append(list, id)
		}
	}
	return list
}

// killedProgram is this test again, without the race detector, with which each of so many starts takes six times as
// long.
var killedProgram = sync.OnceValues(func() (string, error) {
	return benchtest.Tests("internal/fleet/hub", "hub.test")
})

// process is this test again, as something that is killed.
type process struct {
	t   *testing.T
	env []string
	cmd *exec.Cmd
	out bytes.Buffer
}

func (p *process) start() {
	p.t.Helper()
	path, err := killedProgram()
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd = exec.Command(path)
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stderr = &p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	p.cmd.Process.Kill()
	p.cmd.Wait()
	p.cmd = nil
}

// kept are the runs that a store has, by ID. Nobody writes there now.
func kept(t *testing.T, dir string) (list []string) {
	t.Helper()
	s, err := sqlite.OpenToRead(t.Context(), filepath.Join(dir, "runs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for r, err := range s.Runs(t.Context(), bench.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r.ID)
	}
	n := 0
	sums, err := s.Aggregate(t.Context(), bench.Query{Invalid: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range sums {
		n += a.Runs
	}
	if n != len(list) {
		t.Errorf("the sums are of %d runs, and there are %d", n, len(list))
	}
	return list
}

// TestKilledAtRandom: hub and runners are killed again and again, and the stream's disk is lost. In the end the hub's
// store has what the runners put into their outboxes, each run once, and nothing else.
func TestKilledAtRandom(t *testing.T) {
	kills, wipes := 20, 5
	if os.Getenv("RTCBENCH_LONG") != "" {
		kills, wipes = 200, 20
	}
	dir := t.TempDir()
	c := start(t, dir, "")
	files := []*runner.File{c.mustJoin("fra-1"), c.mustJoin("iad-1")}
	at := strings.TrimPrefix(c.address.URL, "https://")
	c.stop()
	centre := &process{t: t, env: []string{"RTCBENCH_KILLED_HUB=" + dir, "RTCBENCH_KILLED_AT=" + at}}
	t.Cleanup(centre.kill)
	centre.start()
	var places []*process
	for _, f := range files {
		place := &process{t: t, env: []string{"RTCBENCH_KILLED_RUNNER=" + f.Path(),
			"RTCBENCH_KILLED_REST=" + strconv.Itoa(restCount)}}
		t.Cleanup(place.kill)
		place.start()
		places = append(places, place)
	}
	seen := map[string]bool{} // in an outbox
	look := func() (n int) {
		for _, f := range files {
			waiting, err := box(f).Waiting()
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range waiting {
				seen[w.RunID] = true
			}
			n += len(waiting)
		}
		return n
	}
	await(t, "at work", func() bool { look(); return len(seen) > restCount*len(files) })
	began, wiped := time.Now(), 0
	for i := range kills {
		for end := time.Now().Add(rand.N(600 * time.Millisecond)); time.Now().Before(end); look() {
			time.Sleep(10 * time.Millisecond)
		}
		who := centre
		if i%2 == 1 {
			who = places[i/2%len(places)]
		}
		who.kill()
		look()
		if i%(kills/wipes) == 0 { // with what it had acknowledged
			wipe(t, dir)
			wiped++
		}
		who.start()
	}
	took := time.Since(began)
	for _, p := range append(places, centre) {
		p.kill()
	}
	left := look()
	centre.start()
	for i, f := range files {
		pause := "/admin/members/" + f.Place.Name + "/pause"
		await(t, "paused", func() bool {
			return c.try("POST", pause, map[string]bool{"paused": true}, new(any)) == nil
		})
		places[i].env = append(places[i].env, "RTCBENCH_KILLED_REST=0")
		places[i].start()
	}
	await(t, "delivered", func() bool { return look() == 0 })
	centre.kill()
	for _, p := range places {
		p.kill()
	}
	list := kept(t, dir)
	slices.Sort(list)
	once := slices.Compact(slices.Clone(list))
	made := map[string]bool{}
	for _, f := range files {
		for _, id := range notes(t, f, "made") {
			made[id] = true
		}
		for _, id := range notes(t, f, "waits") {
			seen[id] = true
		}
		if rejected, err := box(f).Rejected(); err != nil || len(rejected) > 0 {
			t.Errorf("%s: rejected: %v, %v", f.Place.Name, rejected, err)
		}
	}
	for _, id := range once {
		if !made[id] {
			t.Errorf("the store has run %s, which nobody made", id)
		}
		delete(seen, id)
	}
	t.Logf("%d kills in %v, %d wipes: %d runs kept, of which %d waited at the last kill; %d lost, %d doubled", kills,
		took.Round(time.Millisecond), wiped, len(once), left, len(seen), len(list)-len(once))
	if len(seen) > 0 || len(list) != len(once) || wiped != wipes {
		t.Errorf("lost: %v; the hub said:\n%s\nthe runners said:\n%s\n%s", slices.Collect(maps.Keys(seen)), &centre.out,
			&places[0].out, &places[1].out)
	}
}
