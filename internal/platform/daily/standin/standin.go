// Package standin plays Daily's cloud on this machine, for tests and calibration: a REST interface with
// Daily's shapes, the call machine that the real daily-js loads, and the server that relays its
// messages. It is not Daily; a result made with it says so.
package standin

import (
	"cmp"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

//go:embed callmachine.js
var callMachine string

// SFU is what the stand-in gives as the id of its server.
const SFU = "rtcbench-standin"

// Server is a running stand-in on 127.0.0.1.
type Server struct {
	Key string // the API key that it takes

	http *http.Server
	base string // host:port

	mu         sync.Mutex
	rooms      map[string]*room
	tokens     map[string]token
	fate       Fate
	statuses   []int // of the next REST answers
	deleted    []string
	loseAnswer bool // of the next room that is made
	delays     []Delay
	bundles    int
}

// Delay is what one message really got: timers are late.
type Delay struct {
	From, To string // ids of the participants
	Data     string // the message, as JSON
	Took     time.Duration
}

// Fate is what befalls messages and joins from now on.
type Fate struct {
	Delay  time.Duration // each way: of every message relayed
	Odd    bool          // … but only of pings with odd numbers and their pongs
	Silent bool          // messages are taken and never delivered
	Reject string        // joins fail with this error type of Daily's: no-room, exp-token, meeting-full, …
	Late   time.Duration // more delay, of messages that are no warm-up
	Stuck  string        // a join comes no further than this: socket (it is not taken), room (nobody is let in)
	Lobby  bool          // guests without a token land in the lobby, as in a room with knocking
	// Topology is what the call machine reports; "" = sfu.
	Topology string
}

type room struct {
	private bool
	exp     time.Time
	eject   bool // whoever is in it at exp
	people  map[string]*seat
}

type seat struct {
	id, name string
	conn     *websocket.Conn
	mu       sync.Mutex  // one writer at a time
	queue    chan parcel // messages to it, in the order in which they were sent
}

// parcel is a message under way.
type parcel struct {
	from    string
	data    json.RawMessage
	arrived time.Time
	due     time.Time
}

func (s *seat) write(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn.WriteJSON(v)
}

// Start starts a stand-in. Its owner closes it.
func Start() (*Server, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Key: "standin-key", base: l.Addr().String(), rooms: map[string]*room{}, tokens: map[string]token{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cm/static/call-machine-object-bundle.js", s.bundle)
	mux.HandleFunc("GET /ws", s.socket)
	mux.HandleFunc("POST /v1/rooms", s.rest(s.createRoom))
	mux.HandleFunc("GET /v1/rooms/{name}", s.rest(s.getRoom))
	mux.HandleFunc("DELETE /v1/rooms/{name}", s.rest(s.deleteRoom))
	mux.HandleFunc("POST /v1/meeting-tokens", s.rest(s.createToken))
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go s.http.Serve(l)
	return s, nil
}

// API is for --daily-api-url, BundleURL for --daily-bundle-url.
func (s *Server) API() string       { return "http://" + s.base + "/v1" }
func (s *Server) BundleURL() string { return "http://" + s.base + "/cm/static" }

// AddRoom makes a room that anybody may join and returns its URL.
func (s *Server) AddRoom(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rooms[name] = &room{people: map[string]*seat{}}
	return s.url(name)
}

func (s *Server) url(name string) string { return "http://" + s.base + "/" + name }

// SetFate decides what happens from now on.
func (s *Server) SetFate(f Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fate = f
}

// AnswerWith makes the next REST calls fail with these statuses.
func (s *Server) AnswerWith(statuses ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = statuses
}

// LoseAnswer makes the next room be made and answered with an error.
func (s *Server) LoseAnswer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loseAnswer = true
}

// Deleted names the rooms that were deleted, in order; Rooms those that are there.
func (s *Server) Deleted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deleted)
}

// Rooms names the rooms that are there.
func (s *Server) Rooms() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.rooms {
		names = append(names, name)
	}
	return names
}

// Delays are those of all messages that were relayed, in the order of their delivery.
func (s *Server) Delays() []Delay {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.delays)
}

// Expire ends a room: everybody in it is told and put out.
func (s *Server) Expire(name string) {
	for _, p := range s.people(name) {
		p.write(map[string]string{"type": "error", "error": "exp-room", "text": "Room expired"})
	}
}

// Move tells everybody in a room that the call goes on by another SFU.
func (s *Server) Move(name, sfu string) {
	for _, p := range s.people(name) {
		p.write(map[string]string{"type": "moved", "sfu": sfu})
	}
}

// DropSockets cuts every connection of a room without a word; the call machine comes back.
func (s *Server) DropSockets(name string) {
	for _, p := range s.people(name) {
		p.conn.NetConn().Close()
	}
}

func (s *Server) people(name string) (list []*seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rooms[name]; r != nil {
		for _, p := range r.people {
			list = append(list, p)
		}
	}
	return list
}

// Close ends the stand-in and every connection.
func (s *Server) Close() error {
	for _, name := range s.Rooms() {
		s.DropSockets(name)
	}
	return s.http.Close()
}

// Bundles is how often the call machine was fetched.
func (s *Server) Bundles() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bundles
}

func (s *Server) bundle(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.bundles++
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "public, max-age=31536000") // its address names its version
	w.Header().Set("Content-Type", "text/javascript")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	fmt.Fprint(w, strings.ReplaceAll(callMachine, "{{BASE}}", "ws://"+s.base))
}

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	fate := s.fate
	s.mu.Unlock()
	if fate.Stuck == "socket" {
		<-r.Context().Done()
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	q := r.URL.Query()
	me := &seat{id: q.Get("again"), name: q.Get("name"), conn: conn, queue: make(chan parcel, 4096)}
	if me.id == "" {
		me.id = uuid()
	}
	name := q.Get("room")
	if fate.Stuck == "room" {
		me.write(map[string]string{"type": "waiting"})
		conn.ReadMessage()
		return
	}
	if fate.Lobby && q.Get("token") == "" {
		me.write(map[string]string{"type": "lobby", "id": me.id})
		conn.ReadMessage()
		return
	}
	others, kind := s.enter(name, q.Get("token"), me)
	if kind != "" {
		me.write(map[string]string{"type": "error", "error": kind, "text": refusals[kind]})
		return
	}
	gone := make(chan struct{})
	defer close(gone)
	go s.carry(me, gone)
	defer s.ejectAt(name, q.Get("token"), me)()
	me.write(map[string]any{"type": "joined", "id": me.id, "session": name, "others": others,
		"topology": cmp.Or(fate.Topology, "sfu")})
	s.tell(name, me, map[string]string{"type": "participant-joined", "id": me.id, "name": me.name})
	defer func() {
		s.leave(name, me)
		s.tell(name, me, map[string]string{"type": "participant-left", "id": me.id})
	}()
	for {
		var m struct {
			Type string
			To   any
			Data json.RawMessage
		}
		if err := conn.ReadJSON(&m); err != nil {
			return
		}
		if m.Type == "app-msg" {
			s.relay(name, me, m.To, m.Data)
		}
	}
}

var refusals = map[string]string{
	"no-room": "The meeting you're trying to join does not exist.", "exp-room": "Room expired",
	"exp-token":   "Token expired",
	"end-of-life": "This version of daily-js is no longer supported",
	"not-allowed": "You are not allowed to join this meeting", "meeting-full": "Meeting is full",
}

// refusal says why nobody may enter with token; "" = they may.
func (s *Server) refusal(name, token string) string {
	r := s.rooms[name]
	switch {
	case s.fate.Reject != "":
		return s.fate.Reject
	case r == nil:
		return "no-room"
	case !r.exp.IsZero() && time.Now().After(r.exp):
		return "exp-room"
	case token != "" && s.tokens[token].room != name, r.private && token == "":
		return "not-allowed"
	case token != "" && s.tokens[token].expired():
		return "exp-token"
	}
	return ""
}

// token is a right to join one room.
type token struct {
	room  string
	exp   time.Time
	eject bool // whoever came with it, at exp
}

func (t token) expired() bool { return !t.exp.IsZero() && time.Now().After(t.exp) }

// ejectAt puts me out when the room or the token ends, where they say so; stop calls that off.
func (s *Server) ejectAt(name, with string, me *seat) (stop func()) {
	s.mu.Lock()
	r, t := s.rooms[name], s.tokens[with]
	s.mu.Unlock()
	var timers []*time.Timer
	at := func(exp time.Time, kind string) {
		timers = append(timers, time.AfterFunc(time.Until(exp), func() {
			me.write(map[string]string{"type": "error", "error": kind, "text": refusals[kind]})
		}))
	}
	if r != nil && r.eject && !r.exp.IsZero() {
		at(r.exp, "exp-room")
	}
	if t.eject && !t.exp.IsZero() {
		at(t.exp, "exp-token")
	}
	return func() {
		for _, t := range timers {
			t.Stop()
		}
	}
}

type other struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// enter gives me a seat, and says who is there; or why there is none.
func (s *Server) enter(name, token string, me *seat) (list []other, refusal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind := s.refusal(name, token); kind != "" {
		return nil, kind
	}
	list = []other{}
	for _, p := range s.rooms[name].people {
		list = append(list, other{p.id, p.name})
	}
	s.rooms[name].people[me.id] = me
	return list, ""
}

func (s *Server) leave(name string, me *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rooms[name]; r != nil && r.people[me.id] == me {
		delete(r.people, me.id)
	}
}

func (s *Server) tell(name string, me *seat, v any) {
	for _, p := range s.people(name) {
		if p != me {
			p.write(v)
		}
	}
}

// relay hands a message to its addressees' queues, with the delay of the day.
func (s *Server) relay(name string, from *seat, to any, data json.RawMessage) {
	arrived := time.Now()
	s.mu.Lock()
	fate := s.fate
	s.mu.Unlock()
	if fate.Silent || utf8.RuneCount(data) > maxMessage { // the real one tells the sender, who has not asked
		return
	}
	var about struct{ Seq int }
	json.Unmarshal(data, &about) // another message has no number
	delay := fate.Delay
	if fate.Odd && about.Seq%2 == 0 {
		delay = 0
	}
	if fate.Late > 0 && !strings.Contains(string(data), `"seq":0`) {
		delay += fate.Late
	}
	for _, p := range s.people(name) {
		if p == from || !addressed(to, p.id) {
			continue
		}
		select {
		case p.queue <- parcel{from.id, data, arrived, arrived.Add(delay)}:
		default: // it reads nothing; a socket would be cut
		}
	}
}

// maxMessage is the longest app-message, in characters.
const maxMessage = 4096

// addressed reports whether id is meant: to is "*", an id or a list of them.
func addressed(to any, id string) bool {
	switch to := to.(type) {
	case string:
		return to == "*" || to == id
	case []any:
		return slices.Contains(to, any(id))
	}
	return to == nil
}

// carry delivers what is in me's queue, one after the other and each when it is due, as a connection would.
func (s *Server) carry(me *seat, gone <-chan struct{}) {
	for {
		select {
		case <-gone:
			return
		case p := <-me.queue:
			if wait := time.Until(p.due); wait > 0 {
				timer := time.NewTimer(wait)
				select {
				case <-timer.C:
				case <-gone:
					timer.Stop()
					return
				}
			}
			me.write(map[string]any{"type": "app-msg", "data": p.data, "from": p.from})
			took := time.Since(p.arrived) // with our own writing, which is not the instrument's
			s.mu.Lock()
			s.delays = append(s.delays, Delay{p.from, me.id, string(p.data), took})
			s.mu.Unlock()
		}
	}
}

func uuid() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
