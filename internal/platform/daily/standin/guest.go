package standin

import (
	"encoding/json"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Guest is a participant without a browser, for tests of what others send.
type Guest struct {
	conn *websocket.Conn
	mu   sync.Mutex
}

// Join takes a seat in a room that anybody may join. The caller closes it.
func (s *Server) Join(room string) (*Guest, error) {
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+s.base+"/ws?room="+url.QueryEscape(room)+"&name=guest", nil)
	if err != nil {
		return nil, err
	}
	return &Guest{conn: conn}, nil
}

// Send sends data to the whole room, encoded as JSON.
func (g *Guest) Send(data any) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conn.WriteJSON(map[string]any{"type": "app-msg", "to": "*", "data": data})
}

// Recv waits for the next app-message.
func (g *Guest) Recv(limit time.Duration) (any, error) {
	g.conn.SetReadDeadline(time.Now().Add(limit))
	for {
		var m struct {
			Type string
			Data json.RawMessage
		}
		if err := g.conn.ReadJSON(&m); err != nil {
			return nil, err
		}
		if m.Type == "app-msg" {
			var v any
			err := json.Unmarshal(m.Data, &v)
			return v, err
		}
	}
}

// Close leaves the room.
func (g *Guest) Close() error { return g.conn.Close() }
