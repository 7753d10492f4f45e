package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"rtcbench/bench"
	"rtcbench/internal/ping"
)

// period is the grid of each kind; the three are a third of it apart, so that no two pings are
// under way at the same time.
const period = 45 * time.Millisecond

// alternate sends pings of three kinds in turn, each kind with an echo of its own kind.
func alternate(ctx context.Context, p place, node string, pings int) (ours, bare, theirs []time.Duration, err error) {
	clock := bench.NewClock()
	if err := serveEcho(ctx, p, "ours", clock); err != nil {
		return nil, nil, nil, err
	}
	session, err := p.join(ctx, "ours", "runner")
	if err != nil {
		return nil, nil, nil, err
	}
	defer session.Close()
	loop, stop, err := bareLoop(p)
	if err != nil {
		return nil, nil, nil, err
	}
	defer stop()
	nodePing, stopNode, err := nodeLoop(ctx, p, node)
	if err != nil {
		fmt.Fprintln(os.Stderr, "figures: no Node ping:", err)
	}
	defer stopNode()

	var kinds sync.WaitGroup
	begin := time.Now().Add(200 * time.Millisecond)
	kinds.Go(func() { bare = onGrid(begin.Add(period/3), pings, loop) })
	if nodePing != nil {
		kinds.Go(func() { theirs = onGrid(begin.Add(2*period/3), pings, nodePing) })
	}
	kinds.Go(func() {
		time.Sleep(time.Until(begin) - period) // one warm-up pong, then the grid
		var run bench.Run
		run, err = ping.NewProber(session, clock).Probe(ctx, bench.Plan{
			Count: pings, Cooldown: period, Timeout: 5 * time.Second, Warmup: 1, EchoTimeout: 10 * time.Second,
			ReconnectTimeout: 5 * time.Second,
		}, nil)
		ours = bench.Summarise(run).RTTs
	})
	kinds.Wait()
	return ours, bare, theirs, err
}

func onGrid(begin time.Time, pings int, ping func() (time.Duration, bool)) []time.Duration {
	return onGridOf(period, begin, pings, ping)
}

func onGridOf(period time.Duration, begin time.Time, pings int,
	ping func() (time.Duration, bool)) (list []time.Duration) {
	for i := range pings {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * period)))
		if d, ok := ping(); ok {
			list = append(list, d)
		}
	}
	return list
}

// bareLoop is the least that one can write on server-sdk-go: no record, no match, no context.
func bareLoop(p place) (ping func() (time.Duration, bool), stop func(), err error) {
	var e, r *lksdk.Room
	back := make(chan time.Time, 16)
	reliable := lksdk.WithDataPublishReliable(true)
	e, err = lksdk.ConnectToRoomWithToken(p.url, p.token("bare", "echo"),
		&lksdk.RoomCallback{ParticipantCallback: lksdk.ParticipantCallback{
			OnDataPacket: func(data lksdk.DataPacket, from lksdk.DataReceiveParams) {
				var ping struct{ Timestamp float64 }
				if json.Unmarshal(data.(*lksdk.UserDataPacket).Payload, &ping) == nil {
					now := float64(time.Now().UnixMicro()) / 1000
					pong, _ := json.Marshal(map[string]any{"type": "pong", "client_timestamp": ping.Timestamp,
						"server_receive_time": now, "server_send_time": now, "message_count": 1})
					e.LocalParticipant.PublishDataPacket(lksdk.UserData(pong), reliable,
						lksdk.WithDataPublishDestination([]string{from.SenderIdentity}))
				}
			},
		}}, lksdk.WithAutoSubscribe(false))
	if err != nil {
		return nil, func() {}, err
	}
	r, err = lksdk.ConnectToRoomWithToken(p.url, p.token("bare", "runner"),
		&lksdk.RoomCallback{ParticipantCallback: lksdk.ParticipantCallback{
			OnDataPacket: func(lksdk.DataPacket, lksdk.DataReceiveParams) { back <- time.Now() },
		}}, lksdk.WithAutoSubscribe(false))
	if err != nil {
		return nil, e.Disconnect, err
	}
	ping = timed(back, func(at time.Time) error {
		payload := fmt.Appendf(nil, `{"type":"ping","timestamp":%d.5}`, at.UnixMilli())
		return r.LocalParticipant.PublishDataPacket(lksdk.UserData(payload), reliable)
	})
	for range 5 {
		ping() // opens the channels
	}
	return ping, func() { r.Disconnect(); e.Disconnect() }, nil
}

// timed is a loop's ping: send sends one, and back tells when its answer came.
func timed(back chan time.Time, send func(at time.Time) error) func() (time.Duration, bool) {
	return func() (time.Duration, bool) {
		for len(back) > 0 {
			<-back
		}
		sent := time.Now()
		if send(sent) != nil {
			return 0, false
		}
		select {
		case at := <-back:
			return at.Sub(sent), true
		case <-time.After(time.Second):
			return 0, false
		}
	}
}

// nodeLoop asks the Node SDK for pings, one line each.
func nodeLoop(ctx context.Context, p place, dir string) (ping func() (time.Duration, bool), stop func(), err error) {
	stop = func() {}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		return nil, stop, err
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join(dir, "ping.mjs"), p.url, p.token("node", "runner"),
		p.token("node", "echo"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, stop, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, stop, err
	}
	if err := cmd.Start(); err != nil {
		return nil, stop, err
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	stop = func() {
		in.Close()
		go func() {
			for range lines {
			}
		}()
		cmd.Wait()
	}
	ping = func() (time.Duration, bool) {
		fmt.Fprintln(in)
		select {
		case line := <-lines:
			v, err := strconv.ParseFloat(line, 64)
			return time.Duration(v * 1e6), err == nil
		case <-time.After(10 * time.Second): // the first one waits for the process to connect
			return 0, false
		}
	}
	for range 5 {
		ping()
	}
	return ping, stop, nil
}
