package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"time"

	"rtcbench/internal/lab"
	"rtcbench/internal/stats"
)

// precision is what the router adds by itself, in µs.
type precision struct {
	PerSecond     float64
	Packets       int
	P50, P99, Max float64
	Realtime      bool
}

// router sends 2,000 packets a second, 1,000 each way, through the router alone, while nothing else is to be done.
func (t *tool) router(ctx context.Context) (*precision, error) {
	const perSecond, long = 2000, 10 * time.Second
	s, err := lab.Parse("router",
		[]byte("{about: x, paths: {runner-sfu: {both: {delay: 20ms}}, sfu-echo: {both: {delay: 0ms}}}}"))
	if err != nil {
		return nil, err
	}
	n, err := lab.Build(s, 1)
	if err != nil {
		return nil, err
	}
	closed := false
	defer func() {
		if !closed {
			n.Close()
		}
	}()
	for range runtime.NumCPU() { // as lab run has them; they end with this process, however it does
		busy := exec.Command(t.binary, "lab", "enter", "lab", "busy")
		if err := n.Start(lab.Runner, busy); err != nil {
			return nil, err
		}
		defer busy.Wait()
		defer busy.Process.Signal(os.Interrupt)
	}
	ends := [2]lab.Place{lab.Runner, lab.SFU}
	var sockets [2]net.PacketConn
	for i, p := range ends {
		n.Do(p, func() { sockets[i], err = net.ListenPacket("udp4", p.Address()+":7000") })
		if err != nil {
			return nil, err
		}
		defer sockets[i].Close()
	}
	begin := time.Now()
	tick := time.NewTicker(2 * time.Second / perSecond)
	defer tick.Stop()
	message := make([]byte, 200)
	for sent := 0; time.Since(begin) < long && ctx.Err() == nil; {
		<-tick.C
		for ; sent < int(time.Since(begin)*perSecond/time.Second); sent++ {
			if _, err := sockets[sent%2].WriteTo(message, sockets[1-sent%2].LocalAddr()); err != nil {
				return nil, err
			}
		}
	}
	took := time.Since(begin)
	time.Sleep(100 * time.Millisecond) // the last are on their way
	closed = true
	log, err := n.Close()
	if err != nil {
		return nil, err
	}
	var added []time.Duration
	for _, r := range log.Records {
		if r.Fate == lab.Carried && r.Left > 0 {
			added = append(added, r.Added())
		}
	}
	if len(added) == 0 {
		return nil, fmt.Errorf("no packet of %d came through", len(log.Records))
	}
	sorted := stats.Sorted(added)
	at := func(q float64) float64 {
		d, _ := stats.Quantile(sorted, q)
		return float64(d) / float64(time.Microsecond)
	}
	return &precision{
		PerSecond: float64(len(added)) / took.Seconds(), Packets: len(added), P50: at(0.5), P99: at(0.99), Max: at(1),
		Realtime: log.Realtime,
	}, nil
}
