package live_test

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rtcbench/bench"
	"rtcbench/internal/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listens gives what is told in dir until the test ends.
func listens(t *testing.T, dir string) <-chan live.Pings {
	t.Helper()
	heard := make(chan live.Pings, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- live.Listen(ctx, dir, func(p live.Pings) { heard <- p }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return heard
}

func answered(seq uint32) bench.Sample {
	due := time.Duration(seq) * time.Second
	return bench.Sample{Seq: seq, Outcome: bench.Answered, Due: due, RTT: 3 * time.Millisecond}
}

// next is what is heard next.
func next(t *testing.T, heard <-chan live.Pings) live.Pings {
	t.Helper()
	select {
	case p := <-heard:
		return p
	case <-time.After(time.Minute):
		t.Fatal("nothing was heard for a minute")
		panic("unreachable")
	}
}

// TestPingsAreTold: each ping once and in order, whose they are, and the end with the ID of the run; also to somebody
// who comes when the run is going on, and to two who watch.
func TestPingsAreTold(t *testing.T) {
	dir := t.TempDir()
	on, end := live.Tell(live.NewHere(dir), live.Pings{Location: "fra", Platform: "livekit", Count: 4})
	on(answered(1))
	on(bench.Sample{Seq: 2, Outcome: bench.Lost, Due: 2 * time.Second})
	first, second := listens(t, dir), listens(t, dir)
	for name, heard := range map[string]<-chan live.Pings{"first": first, "second": second} {
		p := next(t, heard)
		if len(p.List) != 2 && name == "first" || p.Location != "fra" || p.Run == "" || p.Over {
			t.Errorf("%s: %+v", name, p)
		}
	}
	on(answered(3))
	if p := next(t, first); len(p.List) != 1 || p.List[0].Seq != 3 || p.List[0].At != 2000 || *p.List[0].RTT != 3 {
		t.Errorf("%+v", p)
	}
	end("the-id")
	if p := next(t, first); !p.Over || p.RunID != "the-id" || len(p.List) != 0 {
		t.Errorf("the end: %+v", p)
	}
}

// TestNobodyWatches: a run waits for nobody; and where who listened was killed, the file that it left goes.
func TestNobodyWatches(t *testing.T) {
	dir := t.TempDir()
	gone, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	file := filepath.Join(dir, "live", "killed")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(gone.LocalAddr().String()+" secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	on, end := live.Tell(live.NewHere(dir), live.Pings{})
	defer end("")
	for seq := uint32(1); ; seq++ {
		on(answered(seq))
		if _, err := os.Stat(file); err != nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestDroppedFirst: what is too much is dropped and counted, and the latest stays.
func TestDroppedFirst(t *testing.T) {
	dir := t.TempDir()
	on, end := live.Tell(live.NewHere(dir), live.Pings{})
	const n = 2000
	for seq := uint32(1); seq <= n; seq++ {
		on(answered(seq)) // nobody listens yet
	}
	p := next(t, listens(t, dir))
	end("")
	if got := len(p.List) + p.Dropped; got != n || p.List[len(p.List)-1].Seq != n || len(p.List) > 500 {
		t.Errorf("%d told, %d dropped, the last is %d", len(p.List), p.Dropped, p.List[len(p.List)-1].Seq)
	}
}

// TestStrangersAreNotShown: neither a datagram without the secret, nor a message out of bounds.
func TestStrangersAreNotShown(t *testing.T) {
	dir := t.TempDir()
	heard := listens(t, dir)
	var text string
	for text == "" {
		for _, f := range globbed(t, filepath.Join(dir, "live", "*")) {
			data, _ := os.ReadFile(f)
			if text = strings.TrimSpace(string(data)); strings.HasSuffix(f, "~") {
				text = ""
			}
		}
	}
	address, secret, _ := strings.Cut(text, " ")
	conn, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	message := func(p live.Pings) string { data, _ := json.Marshal(p); return string(data) }
	for _, m := range []string{
		message(live.Pings{Run: "forged"}), "", secret, secret + "{}", secret + "[1]",
		secret + message(live.Pings{Run: strings.Repeat("x", 300)}),
		secret + message(live.Pings{Run: "odd", List: []live.Ping{{Outcome: "won"}}}),
		secret + message(live.Pings{Run: "many", List: make([]live.Ping, 501)}),
		secret + message(live.Pings{Run: "ours"}),
	} {
		if _, err := conn.Write([]byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	if p := next(t, heard); p.Run != "ours" {
		t.Errorf("%.100q is shown", p.Run)
	}
	if len(globbed(t, filepath.Join(dir, "live", "*"))) != 1 {
		t.Error("there is more than one file")
	}
	elsewhere := live.NewHere(t.TempDir())
	defer elsewhere.Close()
	if elsewhere.Wanted() {
		t.Error("somebody watches an empty folder")
	}
}

func globbed(t *testing.T, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
