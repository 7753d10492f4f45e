package dashboard

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/live"
	"rtcbench/internal/store/sqlite"
)

// servesVariable has the file of a store: a process of these tests that has it serves that store, and does no test.
const servesVariable = "RTCBENCH_TEST_SERVES"

// viewed is what the store has that is viewed: a day of 50 places.
var viewed = filling{series: 50, runs: 288, every: 5 * time.Minute, pings: 120}

// keptEvery is how often a run is kept while pages watch: as often as 3,000 places keep one each five minutes.
const keptEvery = 100 * time.Millisecond

// servesViewers serves the store of a file as a hub does, which keeps runs meanwhile and hears the pings of 50 places,
// until its standard input ends. For each line that comes there it says what it has done. With RTCBENCH_TEST_PROFILE it
// writes a profile of its processor time.
func servesViewers(store string) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if name := os.Getenv("RTCBENCH_TEST_PROFILE"); name != "" {
		f, err := os.Create(name)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			panic(err)
		}
		defer pprof.StopCPUProfile()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		s := New(Options{Open: func() (bench.Store, error) { return sqlite.OpenToRead(ctx, store) }, Log: quiet,
			Live: manyPings})
		if err := s.Serve(ctx, l); err != nil {
			panic(err)
		}
	})
	var saves saves
	all.Go(func() { saves.make(ctx, store) })
	fmt.Println("http://" + l.Addr().String())
	for orders := bufio.NewScanner(os.Stdin); orders.Scan(); {
		line, err := json.Marshal(tally{processorTime(), saves.take()})
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
	stop()
	all.Wait()
	return 0
}

// manyPings are those of 50 places at ten a second, as a hub hears them.
func manyPings(ctx context.Context, on func(live.Pings)) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	rtt := 43.21
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			place := fmt.Sprintf("place-%05d", n%50)
			on(live.Pings{Run: "0198f0aa-0000-7000-8000-" + place, Place: place, Location: place, Platform: "livekit",
				Engine: "native", Class: "datachannel-reliable", Count: 600, Every: 100,
				List: []live.Ping{{Seq: uint32(n / 50), Outcome: "answered", At: float64(n) * 100, RTT: &rtt}}})
		}
	}
}

// saves are how long it took to keep runs, in ms.
type saves struct {
	mu   sync.Mutex
	took []float64
}

func (s *saves) take() []float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.took
	s.took = nil
	return list
}

// make keeps a run each keptEvery until ctx ends.
func (s *saves) make(ctx context.Context, path string) {
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		panic(err)
	}
	defer store.Close()
	of, err := viewed.template(7, 0)
	if err != nil {
		panic(err)
	}
	tick := time.NewTicker(keptEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		begun := time.Now()
		p := of.run(fmt.Sprintf("%08x-0000-7000-9000-%012x", n, begun.UnixNano()&0xffffffffffff), begun)
		if _, err := store.SavePacked(ctx, []bench.Packed{p}); err != nil && ctx.Err() == nil {
			panic(err)
		}
		s.mu.Lock()
		s.took = append(s.took, millis(time.Since(begun)))
		s.mu.Unlock()
	}
}

// processorTime is that of this process so far, in s: proc(5), of Linux.
func processorTime() float64 {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		panic(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err = errors.Join(err, err2); err != nil {
		panic(err)
	}
	return float64(user+system) / 100
}
