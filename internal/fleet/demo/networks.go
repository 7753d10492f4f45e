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

// delays are the one-way delays between each place and its server. They are figures of the demo, not of real networks.
var delays = map[string]string{"fra-1": "4ms", "iad-1": "22ms", "sin-1": "80ms"}

// What the servers of the networks are configured with. Only the runner in the same network can reach a server.
const (
	folder = "demo" // what the folders of demos are called
	key    = "demo"
	secret = "a secret of a demo, whose server nobody else can reach"
	port   = "8443" // of the hub, in each network
)

// networks are the networks of the places. Each has a namespace with the runner, a namespace with a LiveKit server, and
// a router between them that delays packets. The networks and their processes end with this process, even if it is
// killed.
type networks struct {
	dir   *scratch.Folder
	self  string
	list  []*lab.Network
	parts []*lab.Processes
}

// build makes the networks and starts their servers. The error wraps lab.ErrUnavailable if this machine cannot have
// networks.
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
	scratch.Sweep(folder, nil) // removes the folder of a demo that was killed
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

// elsewhere are the prefixes of environment variables that could change what a runner of the demo does.
var elsewhere = []string{"LIVEKIT_", "DAILY_", "RTCBENCH_", "LOCATION_ID=", "TMPDIR="}

// command runs this program inside a namespace, with a cleaned environment.
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

// beginThere starts the runner of each place in its network. The runner reaches the hub at the loopback address of its
// network: this process listens there.
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

// command is the command that starts the runner of a place. A runner that has not joined gets a token.
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

// tell copies the output of a runner to Stderr, with the name of the place before each line.
func (f *Fleet) tell(name string, from io.Reader) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		fmt.Fprintf(f.Stderr, "%s: %s\n", name, lines.Text())
	}
	io.Copy(io.Discard, from)
}
