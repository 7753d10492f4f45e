package campaign

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/sandbox/sandboxtest"
)

// dripping is a server that answers every request one byte after the other, and comes to no end.
func dripping(t *testing.T) string {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.Read(make([]byte, 1000)) // an answer before the question is none
				for _, b := range []byte("HTTP/1.1 200 OK\r\nX-Slow: " + strings.Repeat("x", 10_000)) {
					if _, err := c.Write([]byte{b}); err != nil {
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
			}()
		}
	}()
	return l.Addr().String()
}

// mute is a server that opens every WebSocket and says nothing more.
func mute(t *testing.T) string {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			if _, _, err := c.ReadMessage(); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// limited is a command whose time is limited by a flag, and what it waits for in vain.
type limited struct {
	phase, flag string
	args        []string
	says        string // what the error names
	often       bool   // in every test, and not in campaigns alone
}

// ofDaily are the commands that speak to Daily, before servers that say nothing, or too little.
func ofDaily(server *sandboxtest.Server, silent, drip string) []limited {
	const nowhere = "https://x.daily.co/bench"
	bundle := "http://" + silent + "/call-machine.js"
	return []limited{
		{"daily, the answer of its REST interface", "--connect-timeout", []string{"daily", "-n", "3",
			"--api-key", "k", "--daily-api-url", "http://" + silent}, "3s", true},
		{"daily, its code", "--connect-timeout", []string{"daily", "-n", "3", "-r", nowhere,
			"--daily-bundle-url", bundle}, "3s", false},
		{"turn daily, its code", "--connect-timeout", []string{"turn", "daily", "-r", nowhere,
			"--daily-bundle-url", bundle}, "3s", false},
		{"turn daily, the starter", "--connect-timeout", []string{"turn", "daily", "--start-url", "http://" +
			drip}, "3s", false},
		{"both, its code", "--connect-timeout", []string{"both", "-n", "3", "--daily-room", nowhere,
			"--daily-bundle-url", bundle, "--livekit-url", server.URL, "--livekit-api-key", server.Key,
			"--livekit-api-secret", server.Secret}, "3s", false},
	}
}

// Every flag that promises a duration keeps it, in whatever phase the server is slow: the command does not end before,
// and says for what it waited. How much later it ends depends on the machine: a campaign asks for 10 % or 300 ms,
// beyond what a command takes that is refused at once; of a wait for an echo, beyond what its browser and its joining
// take.
func TestDurations(t *testing.T) {
	benchtest.Heavy(t)
	server := sandboxtest.Start(t)
	silent, drip, dumb := benchtest.SilentServer(t), dripping(t), mute(t)
	key := []string{"--api-key", server.Key, "--api-secret", server.Secret}
	const limit, short = 3 * time.Second, 100 * time.Millisecond
	var list []limited
	for _, of := range []struct {
		name  string
		args  []string
		often bool
	}{
		{"livekit", []string{"livekit", "-n", "3"}, true},
		{"an agent as the echo", []string{"livekit", "-n", "3", "--agent-name", "x"}, true},
		{"echo", []string{"echo", "--room", "r"}, false},
		{"turn", []string{"turn", "livekit", "--agent", "x"}, true},
		{"browser", []string{"livekit", "-n", "3", "--engine", "browser"}, false},
	} {
		for _, where := range []struct{ phase, url string }{
			{"TLS", "wss://" + silent}, {"the answer", "ws://" + silent}, {"the rest of the answer", "ws://" + drip},
			{"the join", "ws://" + dumb}, {"DTLS", server.WithoutDTLS(t)},
		} {
			asks := of.name == "turn" || of.name == "an agent as the echo" // over HTTP first
			if asks && (where.phase == "the join" || where.phase == "DTLS") {
				continue
			}
			list = append(list, limited{of.name + ", " + where.phase, "--connect-timeout",
				append(append(of.args[:len(of.args):len(of.args)], "-s", where.url), key...),
				"3s", of.often && where.phase != "TLS" && where.phase != "DTLS"})
		}
	}
	for _, where := range []string{silent, drip} {
		list = append(list, limited{"a service at " + where, "--connect-timeout",
			[]string{"livekit", "-n", "3", "--agent-url", "http://" + where}, "3s", where == silent})
	}
	list = append(list, ofDaily(server, silent, drip)...)
	list = append(list, limited{"no echo", "--echo-timeout", append([]string{"livekit", "-n", "3", "-s", server.URL,
		"--room", "nobody", "--echo", "remote"}, key...), "3s", true},
		limited{"no echo in the browser", "--echo-timeout", append([]string{"livekit", "-n", "3", "-s", server.URL,
			"--room", "nobody", "--echo", "remote", "--engine", "browser"}, key...), "3s", false})
	p := newPlace(t, "RTCBENCH_STORE=none",
		"RTCBENCH_CHROME_RESOLVER_RULES=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
	refused := p.run("livekit", "-n", "3", "-s", "ws://127.0.0.1:1", "--api-key", "k", "--api-secret", server.Secret)
	campaign := os.Getenv("RTCBENCH_LONG") != ""
	if !campaign {
		list = slices.DeleteFunc(list, func(c limited) bool { return !c.often })
	}
	ends, joined := make([]ended, len(list)), make([]time.Duration, len(list))
	var all sync.WaitGroup
	turn := make(chan bool, times(5, 1)) // they wait, most of the time
	for i, c := range list {
		turn <- true
		all.Go(func() {
			joined[i] = refused.took
			if c.flag == "--echo-timeout" && campaign { // the time for an echo begins when the room is joined
				joined[i] = p.run(append(slices.Clone(c.args), c.flag, short.String())...).took - short
			}
			ends[i] = p.run(append(c.args, c.flag, limit.String())...)
			<-turn
		})
	}
	all.Wait()
	worst := time.Duration(0)
	for i, c := range list {
		e := ends[i]
		over := e.took - limit - joined[i]
		if c.flag == "--connect-timeout" || campaign {
			worst = max(worst, over)
		}
		line := e.stderr[strings.LastIndex(strings.TrimSpace(e.stderr), "\n")+1:]
		t.Logf("%-40s %s over by %4d ms: %s", c.phase, c.flag, over.Milliseconds(), strings.TrimSpace(line))
		switch {
		case e.code != 1 || !strings.Contains(line, c.says):
			t.Errorf("%s: exit code %d, and not its limit: %s", c.phase, e.code, e.stderr)
		case e.took < limit:
			t.Errorf("%s: it ended after %v, before its limit", c.phase, e.took)
		}
	}
	t.Logf("%d tried; refused at once: %v; the worst is over by %v", len(list), refused.took, worst)
	if most := 300 * time.Millisecond; campaign && worst > most {
		t.Errorf("a limit of %v was passed by %v, more than %v", limit, worst, most)
	}
}
