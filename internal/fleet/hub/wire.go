package hub

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// upgrader accepts the WebSockets of NATS. It refuses pages of other sites by their origin. Few of thousands of
// connections write at the same moment, so they share their write buffers. Their read buffers hold little more than the
// header of a frame: what a frame contains is read into a shared buffer.
var upgrader = websocket.Upgrader{HandshakeTimeout: 10 * time.Second, ReadBufferSize: 128,
	WriteBufferSize: 4 << 10, WriteBufferPool: &sync.Pool{}}

// pieces are buffers that all connections share. A connection that waits has none.
var pieces = sync.Pool{New: func() any { b := make([]byte, 8<<10); return &b }}

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

// restWithin is how long the first byte of a piece waits for the rest, which NATS wrote with it.
const restWithin = 10 * time.Millisecond

// writeFrames sends each piece that NATS writes as a WebSocket message. It waits for the first byte of a piece with no
// buffer. A piece may have that byte alone.
func writeFrames(ws *websocket.Conn, from net.Conn) {
	first := make([]byte, 1)
	for {
		if _, err := io.ReadFull(from, first); err != nil {
			return
		}
		piece := pieces.Get().(*[]byte)
		(*piece)[0] = first[0]
		from.SetReadDeadline(time.Now().Add(restWithin))
		n, err := from.Read((*piece)[1:])
		from.SetReadDeadline(time.Time{})
		ok := (err == nil || errors.Is(err, os.ErrDeadlineExceeded)) && writeFrame(ws, (*piece)[:1+n])
		pieces.Put(piece)
		if !ok {
			return
		}
	}
}

func writeFrame(ws *websocket.Conn, piece []byte) bool {
	ws.SetWriteDeadline(time.Now().Add(20 * time.Second))
	return ws.WriteMessage(websocket.BinaryMessage, piece) == nil
}
