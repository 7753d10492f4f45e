package hub

import (
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// upgrader takes WebSockets of NATS. A page of a browser elsewhere opens none: its origin is not this host.
var upgrader = websocket.Upgrader{HandshakeTimeout: 10 * time.Second, ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10}

// wire carries a runner's WebSocket to NATS, which runners reach in no other way.
func (h *Hub) wire(w http.ResponseWriter, r *http.Request) {
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	inside, err := h.engine.line(r.Context())
	if err != nil {
		h.options.Log.Warn("a runner does not get to NATS", "error", err)
		ws.Close()
		return
	}
	leave, ok := h.lines.add(ws)
	if !ok {
		inside.Close()
		ws.Close()
		return
	}
	defer leave()
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(frames{ws}, inside)
		ws.Close()
	}()
	copyFrames(inside, ws)
	inside.Close()
	ws.Close()
	<-done
}

// copyFrames writes what comes in messages, whichever their borders.
func copyFrames(to net.Conn, ws *websocket.Conn) {
	for {
		_, r, err := ws.NextReader()
		if err != nil {
			return
		}
		if _, err := io.Copy(to, r); err != nil {
			return
		}
	}
}

// frames writes each piece as a message.
type frames struct{ ws *websocket.Conn }

func (f frames) Write(p []byte) (int, error) {
	f.ws.SetWriteDeadline(time.Now().Add(20 * time.Second))
	return len(p), f.ws.WriteMessage(websocket.BinaryMessage, p)
}
