// Package standin plays Daily's cloud on this machine, for tests and calibration: a REST interface with
// Daily's shapes, the call machine that the real daily-js loads, and the server that relays its
// messages. It is not Daily; a result made with it says so.
package standin

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

//go:embed callmachine.js
var callMachine string

// SFU is what the stand-in gives as the id of its server.
const SFU = "rtcbench-standin"

// Server is a running stand-in.
type Server struct {
	Key string // the API key that it takes

	http *http.Server
	base string // host:port
	ip   net.IP // its host, by which its audio goes, too

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

// Delay is the delay that one message really got: timers are late.
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
	Audio    Audio
}

type room struct {
	private bool
	nbf     time.Time
	exp     time.Time
	eject   bool // puts out, at exp, whoever is in the room
	people  map[string]*seat
}

type seat struct {
	id, name string
	conn     *websocket.Conn
	mu       sync.Mutex  // one writer at a time
	queue    chan parcel // messages to it, in the order in which they were sent
	audio    audio
	producer *producer // of its audio; nil = it sends none
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

// Start starts a stand-in that this machine alone can reach. Its owner closes it.
func Start() (*Server, error) { return StartAt("127.0.0.1:0") }

// StartAt starts a stand-in at an address of this machine (host:port, the host in numbers). Audio also goes by that
// host. Its owner closes it.
func StartAt(address string) (*Server, error) {
	l, err := net.Listen("tcp4", address)
	if err != nil {
		return nil, err
	}
	s := &Server{Key: "standin-key", base: l.Addr().String(), ip: l.Addr().(*net.TCPAddr).IP,
		rooms: map[string]*room{}, tokens: map[string]token{}}
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

// API is the value for --daily-api-url, BundleURL the value for --daily-bundle-url.
func (s *Server) API() string       { return "http://" + s.base + "/v1" }
func (s *Server) BundleURL() string { return BundleURL(s.base) }

// AddRoom makes a room that anybody may join and returns its URL.
func (s *Server) AddRoom(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rooms[name] = &room{people: map[string]*seat{}}
	return s.url(name)
}

func (s *Server) url(name string) string { return RoomURL(s.base, name) }

// RoomURL is the URL of a room of the stand-in at an address, BundleURL that of its call machine.
func RoomURL(address, room string) string { return "http://" + address + "/" + room }
func BundleURL(address string) string     { return "http://" + address + "/cm/static" }

// SetFate decides what happens from now on.
func (s *Server) SetFate(f Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fate = f
}

func (s *Server) fateNow() Fate {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fate
}

// AnswerWith makes the next REST calls fail with these statuses.
func (s *Server) AnswerWith(statuses ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = statuses
}

// LoseAnswer lets the next room be made, and answers its request with an error.
func (s *Server) LoseAnswer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loseAnswer = true
}

// Deleted names the rooms that were deleted, in order.
func (s *Server) Deleted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deleted)
}

// Rooms names the rooms that are there now.
func (s *Server) Rooms() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.rooms {
		names = append(names, name)
	}
	return names
}

// Delays are the delays of all messages that were relayed, in the order of their delivery.
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

// Move tells everybody in a room that another SFU carries the call from now on.
func (s *Server) Move(name, sfu string) {
	for _, p := range s.people(name) {
		p.write(map[string]string{"type": "moved", "sfu": sfu})
	}
}

// DropSockets cuts every connection of a room at one time and without a word: nobody hears that another has left. The
// call machine comes back.
func (s *Server) DropSockets(name string) {
	all := s.people(name)
	for _, p := range all {
		s.leave(name, p)
	}
	for _, p := range all {
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
	fate := s.fateNow()
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
		"topology": cmp.Or(fate.Topology, "sfu"), "deny": fate.Audio.Deny})
	s.tell(name, me, map[string]string{"type": "participant-joined", "id": me.id, "name": me.name})
	defer func() {
		if s.leave(name, me) {
			s.tell(name, me, map[string]string{"type": "participant-left", "id": me.id})
		}
	}()
	defer me.audio.close()
	for {
		var m asked
		if err := conn.ReadJSON(&m); err != nil {
			return
		}
		if err := s.do(name, me, m); err != nil {
			me.write(map[string]string{"type": "error", "error": "connection-error", "text": err.Error()})
		}
	}
}

// asked is what the call machine asks for.
type asked struct {
	Type      string
	To        any
	Data      json.RawMessage
	SDP, From string
}

func (s *Server) do(room string, me *seat, m asked) error {
	switch m.Type {
	case "app-msg":
		s.relay(room, me, m.To, m.Data)
	case "produce":
		return s.produce(room, me, m.SDP)
	case "subscribe":
		return s.consume(room, me, m.From)
	case "consumed":
		return s.consumed(me, m.SDP)
	}
	return nil
}

var refusals = map[string]string{
	"no-room": "The meeting you're trying to join does not exist.", "exp-room": "Room expired",
	"exp-token": "Token expired", "nbf-room": "This room is not available yet", "nbf-token": "Token is not yet valid",
	"end-of-life": "This version of daily-js is no longer supported",
	"not-allowed": "You are not allowed to join this meeting", "meeting-full": "Meeting is full",
}

// maxMessage is the longest app-message, in characters.
const maxMessage = 4096
