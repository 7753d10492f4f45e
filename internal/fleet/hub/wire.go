package hub

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// upgrader takes WebSockets of NATS. A page of a browser elsewhere opens none: its origin is not this host. Of
// thousands of connections few write at one moment: they share their buffers.
var upgrader = websocket.Upgrader{HandshakeTimeout: 10 * time.Second, ReadBufferSize: smallPiece,
	WriteBufferSize: 4 << 10, WriteBufferPool: &sync.Pool{}}

// Sizes of what is carried at one time. Each connection has a small piece, which most of what is said fits in; what is
// longer goes in large ones, which all connections share. Thousands may use one at a moment.
const (
	smallPiece = 512
	largePiece = 8 << 10
)

var pieces = sync.Pool{New: func() any { b := make([]byte, largePiece); return &b }}

// wire carries a runner's WebSocket to NATS, which runners reach in no other way. It returns at once, for what the HTTP
// server holds for a request is large.
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

// readFrames writes what comes in messages, whichever their borders.
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

// writeFrames writes each piece that comes as a message.
func writeFrames(ws *websocket.Conn, from net.Conn) {
	small := make([]byte, smallPiece)
	for {
		n, err := from.Read(small)
		if err != nil || !writeFrame(ws, small[:n]) {
			return
		}
		for n == len(small) || n == largePiece { // there is more of it
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
