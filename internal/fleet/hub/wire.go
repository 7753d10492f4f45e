package hub

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// upgrader accepts the WebSockets of NATS. It refuses pages of other sites by their origin. Few of thousands of
// connections write at the same moment, so they share their write buffers.
var upgrader = websocket.Upgrader{HandshakeTimeout: 10 * time.Second, ReadBufferSize: smallPiece,
	WriteBufferSize: 4 << 10, WriteBufferPool: &sync.Pool{}}

// Sizes of buffers. Each connection has a small buffer of its own, which fits most messages. Longer messages use large
// buffers, which all connections share.
const (
	smallPiece = 512
	largePiece = 8 << 10
)

var pieces = sync.Pool{New: func() any { b := make([]byte, largePiece); return &b }}

// wire connects a runner's WebSocket to NATS. Runners have no other way to NATS. wire returns at once: the memory that
// the HTTP server holds for a request is large.
func (h *Hub) wire(w http.ResponseWriter, r *http.Request) {
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered with the error
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
	out := make(chan struct{})
	go func() {
		defer close(out)
		writeFrames(ws, inside)
		ws.Close()
	}()
	go func() {
		defer leave()
		readFrames(inside, ws)
		inside.Close()
		ws.Close()
		<-out
	}()
}

// readFrames copies the content of WebSocket messages to NATS. The borders between messages do not matter.
func readFrames(to net.Conn, ws *websocket.Conn) {
	for {
		_, r, err := ws.NextReader()
		if err != nil {
			return
		}
		piece := pieces.Get().(*[]byte)
		_, err = io.CopyBuffer(to, r, *piece)
		pieces.Put(piece)
		if err != nil {
			return
		}
	}
}

// writeFrames sends each piece that NATS writes as a WebSocket message.
func writeFrames(ws *websocket.Conn, from net.Conn) {
	small := make([]byte, smallPiece)
	for {
		n, err := from.Read(small)
		if err != nil || !writeFrame(ws, small[:n]) {
			return
		}
		for n == len(small) || n == largePiece { // a full buffer: there is more
			large := pieces.Get().(*[]byte)
			n, err = from.Read(*large)
			ok := err == nil && writeFrame(ws, (*large)[:n])
			pieces.Put(large)
			if !ok {
				return
			}
		}
	}
}

func writeFrame(ws *websocket.Conn, piece []byte) bool {
	ws.SetWriteDeadline(time.Now().Add(20 * time.Second))
	return ws.WriteMessage(websocket.BinaryMessage, piece) == nil
}
