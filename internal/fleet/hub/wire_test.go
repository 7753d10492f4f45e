package hub

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestEveryByteIsSentOn: whatever pieces NATS writes reach the runner at once, also one of a single byte that nothing
// follows.
func TestEveryByteIsSentOn(t *testing.T) {
	nats, inside := net.Pipe()
	defer nats.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ws, err := upgrader.Upgrade(w, r, nil); err == nil {
			writeFrames(ws, inside)
			ws.Close()
		}
	}))
	defer s.Close()
	ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.URL, "http", "ws", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	ws.SetReadDeadline(time.Now().Add(time.Minute))
	for _, piece := range []string{"+OK", "x", strings.Repeat("long", 5000), "y"} {
		if _, err := nats.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
		for got := ""; got != piece; {
			_, part, err := ws.ReadMessage()
			if err != nil {
				t.Fatalf("%d bytes of %d came: %v", len(got), len(piece), err)
			}
			if got += string(part); !strings.HasPrefix(piece, got) {
				t.Fatalf("%q came, %q was written", got, piece)
			}
		}
	}
	inside.Close()
}
