package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
	"rtcbench/internal/lab"
	"rtcbench/internal/lab/stage"
	"rtcbench/internal/scratch"
)

// delays are how far each place is from its server, each way: figures of a demo, and of no network.
var delays = map[string]string{"fra-1": "4ms", "iad-1": "22ms", "sin-1": "80ms"}

// What the servers of the networks are given. Nobody reaches them but the runners beside them.
const (
	folder = "demo" // what the folders of demos are called
	key    = "demo"
	secret = "a secret of a demo, whose server nobody else can reach"
	port   = "8443" // of the hub, in each network
)

// networks are one for each place: a namespace with the runner, one with a LiveKit server, and a router between them
// that takes its time. They and all that runs in them end with this process, however that ends.
type networks struct {
	dir   *scratch.Folder
	self  string
	list  []*lab.Network
	parts []*lab.Processes
}

// build makes the networks and starts their servers. lab.ErrUnavailable is wrapped where this machine has none.
func build(ctx context.Context) (n *networks, err error) {
	n = &networks{}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	if n.self, err = os.Executable(); err != nil {
		return n, err
	}
	scratch.Sweep(folder, nil) // of a demo that was killed
	if n.dir, err = scratch.New(folder); err != nil {
		return n, err
	}
	for i, p := range Places {
		s, err := lab.Parse(p.Name, fmt.Appendf(nil, "paths:\n  runner-sfu: {both: {delay: %s, jitter: {distribution: "+
			"lognormal, mean: 0.5ms, deviation: 0.5ms}}}\n  sfu-echo: {both: {delay: 0ms}}\n", delays[p.Name]))
		if err != nil {
			return n, err
		}
		one, err := lab.Build(s, uint64(i))
		if err != nil {
			return n, err
		}
		n.list, n.parts = append(n.list, one), append(n.parts, &lab.Processes{Network: one})
	}
	var all sync.WaitGroup
	errs := make([]error, len(n.list))
	for i := range n.list {
		all.Go(func() { errs[i] = n.parts[i].Wait(ctx, lab.SFU, n.command(nil, "lab", "serve"), stage.Ready) })
	}
	all.Wait()
	return n, errors.Join(errs...)
}

// elsewhere begin the variables that would tell a runner of a demo something else than the demo does.
var elsewhere = []string{"LIVEKIT_", "DAILY_", "RTCBENCH_", "LOCATION_ID=", "TMPDIR="}

// command is this program in a place.
func (n *networks) command(environ []string, args ...string) *exec.Cmd {
	cmd := exec.Command(n.self, append([]string{"lab", "enter"}, args...)...)
	for _, e := range environ {
		if !slices.ContainsFunc(elsewhere, func(name string) bool { return strings.HasPrefix(e, name) }) {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env, "TMPDIR="+n.dir.Path, "LIVEKIT_API_KEY="+key, "LIVEKIT_API_SECRET="+secret)
	return cmd
}

func (n *networks) close() {
	for i, one := range n.list {
		n.parts[i].End()
		one.Close()
	}
	n.dir.Remove()
}

// beginThere starts the runner of each place in its network, where it finds the hub at its own loopback: a socket of
// this process that was made there.
func (f *Fleet) beginThere(ctx context.Context, h *hub.Hub, at call.Hub) (wait func(), err error) {
	var all sync.WaitGroup
	var pipes []*io.PipeWriter
	serving, stop := context.WithCancel(ctx)
	wait = func() {
		<-serving.Done()
		f.networks.close()
		stop()
		for _, in := range pipes {
			in.Close()
		}
		all.Wait()
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	for i, place := range Places {
		var l net.Listener
		f.networks.list[i].Do(lab.Runner, func() { l, err = net.Listen("tcp4", "127.0.0.1:"+port) })
		if err != nil {
			return wait, fmt.Errorf("the hub in the network of %s: %w", place.Name, err)
		}
		all.Go(func() { h.Serve(serving, l, nil) })
		cmd, err := f.command(ctx, at, place)
		if err != nil {
			return wait, err
		}
		out, in := io.Pipe()
		cmd.Stderr, pipes = in, append(pipes, in)
		all.Go(func() { f.tell(place.Name, out) })
		if err := f.networks.parts[i].Start(lab.Runner, cmd); err != nil {
			return wait, err
		}
	}
	return wait, nil
}

// command is the runner of a place, with a token if it needs one.
func (f *Fleet) command(ctx context.Context, at call.Hub, place fleet.Place) (*exec.Cmd, error) {
	dir, url := filepath.Join(f.Dir, place.Name), "http://127.0.0.1:"+port
	args := []string{"runner", "--data-dir=" + dir, "--name=" + place.Name, "--location=" + place.Location}
	for k, v := range place.Labels {
		args = append(args, "--label="+k+"="+v)
	}
	known, err := runner.Load(filepath.Join(dir, "fleet.json"))
	if err == nil && known.Joined() && known.Hub == url && f.member(at, known) {
		return f.networks.command(f.Environ, args...), nil
	}
	if err := os.RemoveAll(filepath.Join(dir, "fleet.json")); err != nil {
		return nil, err
	}
	var made hub.TokenMade
	if err := at.Do(ctx, http.MethodPost, "/admin/tokens", tokenOrder, &made); err != nil {
		return nil, err
	}
	cmd := f.networks.command(f.Environ, append(args, "--hub="+url)...)
	cmd.Env = append(cmd.Env, "RTCBENCH_JOIN="+made.Token)
	return cmd, nil
}

// tell passes on what a runner says, with its name before each line.
func (f *Fleet) tell(name string, from io.Reader) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		fmt.Fprintf(f.Stderr, "%s: %s\n", name, lines.Text())
	}
	io.Copy(io.Discard, from)
}
