package standin

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// refuse answers as Daily does: a stable id and a sentence.
func refuse(w http.ResponseWriter, status int, id, info string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": id, "info": info})
}

var ids = map[int]string{
	400: "invalid-request-error", 401: "authentication-error", 403: "forbidden-error", 404: "invalid-request-error",
	429: "rate-limit-error",
	500: "server-error", 503: "server-error",
}

// rest asks for the API key first, and then fails as often as a test wants.
func (s *Server) rest(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		status := 0
		if len(s.statuses) > 0 {
			status, s.statuses = s.statuses[0], s.statuses[1:]
		}
		s.mu.Unlock()
		switch {
		case status != 0:
			if status == http.StatusTooManyRequests {
				w.Header().Set("Retry-After", "1")
			}
			refuse(w, status, ids[status], "as asked for")
		case r.Header.Get("Authorization") != "Bearer "+s.Key:
			refuse(w, 401, ids[401], "")
		default:
			next(w, r)
		}
	}
}

func (s *Server) createRoom(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name       string
		Privacy    string
		Properties map[string]any
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		refuse(w, 400, "json-parsing-error", "Bad request")
		return
	}
	if in.Name == "" {
		in.Name = strings.ToLower(rand.Text()[:16])
	}
	made := &room{private: in.Privacy == "private", people: map[string]*seat{}}
	made.nbf, made.exp, made.eject = span(in.Properties, "eject_at_room_exp")
	s.mu.Lock()
	_, taken := s.rooms[in.Name]
	if !taken {
		s.rooms[in.Name] = made
	}
	lost := s.loseAnswer
	s.loseAnswer = false
	s.mu.Unlock()
	switch {
	case taken:
		refuse(w, 400, ids[400], "a room named "+in.Name+" already exists")
		return
	case lost:
		refuse(w, 500, ids[500], "the room was made, and then something broke")
		return
	}
	json.NewEncoder(w).Encode(map[string]any{
		"id": uuid(), "name": in.Name, "api_created": true, "privacy": in.Privacy, "url": s.url(in.Name),
		"created_at": time.Now().UTC().Format(time.RFC3339), "config": in.Properties,
	})
}

func (s *Server) getRoom(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if !slices.Contains(s.Rooms(), name) {
		refuse(w, 404, ids[404], "room "+name+" not found")
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"name": name, "url": s.url(name), "api_created": true})
}

func (s *Server) deleteRoom(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	s.mu.Lock()
	was, known := s.rooms[name]
	delete(s.rooms, name)
	if known {
		s.deleted = append(s.deleted, name)
	}
	s.mu.Unlock()
	switch {
	case !known:
		refuse(w, 404, ids[404], "room "+name+" not found")
		return
	case !was.exp.IsZero() && time.Now().After(was.exp):
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]any{"error": ids[400], "info": "room " + name + " expired",
			"deleted": true, "name": name})
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"deleted": true, "name": name})
}

func (s *Server) createToken(w http.ResponseWriter, r *http.Request) {
	var in struct{ Properties map[string]any }
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		refuse(w, 400, "json-parsing-error", "Bad request")
		return
	}
	name, _ := in.Properties["room_name"].(string)
	s.mu.Lock()
	_, known := s.rooms[name]
	made := token{room: name}
	made.nbf, made.exp, made.eject = span(in.Properties, "eject_at_token_exp")
	text := "standin-token-" + strings.ToLower(rand.Text())
	if known {
		s.tokens[text] = made
	}
	s.mu.Unlock()
	if !known {
		refuse(w, 400, ids[400], "no such room")
		return
	}
	json.NewEncoder(w).Encode(map[string]string{"token": text})
}

// span is the beginning and the end that properties set. out says whether participants are put out at the end.
func span(properties map[string]any, eject string) (nbf, exp time.Time, out bool) {
	at := func(name string) (t time.Time) {
		if unix, ok := properties[name].(float64); ok {
			t = time.Unix(int64(unix), 0)
		}
		return t
	}
	out, _ = properties[eject].(bool)
	return at("nbf"), at("exp"), out
}
