package sandboxtest

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// WithoutDTLS is the server behind a path that carries ICE's checks and loses every DTLS record, as some middle boxes
// do. It returns the URL to join by. Media has no other way: each side learns the relay's address instead of the
// other's.
func (s *Server) WithoutDTLS(t testing.TB) (joinURL string) {
	t.Helper()
	relay := stunOnly(t, s.options.UDPPort)
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // a page has one
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := url.URL{Scheme: "ws", Host: strings.TrimPrefix(s.URL, "ws://"), Path: r.URL.Path,
			RawQuery: r.URL.RawQuery}
		server, _, err := websocket.DefaultDialer.DialContext(r.Context(), to.String(),
			http.Header{"Authorization": r.Header["Authorization"]})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer server.Close()
		client, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer client.Close()
		go func() {
			defer server.Close()
			pass(client, server, &livekit.SignalRequest{}, withoutCandidates)
		}()
		pass(server, client, &livekit.SignalResponse{}, viaRelay(relay))
	}))
	t.Cleanup(func() { front.CloseClientConnections(); front.Close() })
	return "ws" + strings.TrimPrefix(front.URL, "http")
}

// pass carries messages until one side has gone. edit changes one, and reports whether it is passed on at all.
func pass[M proto.Message](from, to *websocket.Conn, m M, edit func(M) bool) {
	for {
		kind, data, err := from.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.BinaryMessage && proto.Unmarshal(data, m) == nil {
			if !edit(m) {
				continue
			}
			if data, err = proto.Marshal(m); err != nil {
				return
			}
		}
		if to.WriteMessage(kind, data) != nil {
			return
		}
	}
}

var candidates = regexp.MustCompile(`(?m)^a=candidate:.*\r?\n`)

// withoutCandidates keeps from the server where the client is.
func withoutCandidates(m *livekit.SignalRequest) bool {
	for _, sdp := range []*livekit.SessionDescription{m.GetOffer(), m.GetAnswer()} {
		if sdp != nil {
			sdp.Sdp = candidates.ReplaceAllString(sdp.Sdp, "")
		}
	}
	return m.GetTrickle() == nil
}

var udpPort = regexp.MustCompile(`( udp \d+ 127\.0\.0\.1) \d+ `)

// viaRelay tells the client that the server is at the relay's port.
func viaRelay(port int) func(*livekit.SignalResponse) bool {
	there := fmt.Sprintf("$1 %d ", port)
	return func(m *livekit.SignalResponse) bool {
		for _, sdp := range []*livekit.SessionDescription{m.GetOffer(), m.GetAnswer()} {
			if sdp != nil {
				sdp.Sdp = udpPort.ReplaceAllString(sdp.Sdp, there)
			}
		}
		if c := m.GetTrickle(); c != nil {
			c.CandidateInit = udpPort.ReplaceAllString(c.CandidateInit, there)
		}
		return true
	}
}

// stunOnly is a relay to a UDP port of this machine for datagrams of STUN alone (RFC 7983 §7). It returns its own port.
func stunOnly(t testing.TB, port int) int {
	t.Helper()
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	isSTUN := func(datagram []byte) bool { return len(datagram) > 0 && datagram[0] <= 3 }
	go func() {
		sides := map[string]*net.UDPConn{} // by client
		defer func() {
			for _, side := range sides {
				side.Close()
			}
		}()
		buf := make([]byte, 1500)
		for {
			n, from, err := front.ReadFromUDP(buf)
			if err != nil {
				return
			}
			if !isSTUN(buf[:n]) {
				continue
			}
			side := sides[from.String()]
			if side == nil {
				if side, err = net.DialUDP("udp4", nil,
					&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}); err != nil {
					return
				}
				sides[from.String()] = side
				go func() {
					back := make([]byte, 1500)
					for {
						n, err := side.Read(back)
						if err != nil {
							return
						}
						if isSTUN(back[:n]) {
							front.WriteToUDP(back[:n], from)
						}
					}
				}()
			}
			side.Write(buf[:n])
		}
	}()
	t.Cleanup(func() { front.Close() })
	return front.LocalAddr().(*net.UDPAddr).Port
}
