package standin

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
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
	400: "invalid-request-error", 401: "authentication-error", 403: "forbidden-error", 404: "not-found", 429: "rate-limit-error",
	500: "server-error", 503: "server-error",
}

// rest asks for the key first, and fails as often as a test wants.
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
	if exp, ok := in.Properties["exp"].(float64); ok {
		made.exp = time.Unix(int64(exp), 0)
	}
	s.mu.Lock()
	s.rooms[in.Name] = made
	s.mu.Unlock()
	json.NewEncoder(w).Encode(map[string]any{
		"id": uuid(), "name": in.Name, "api_created": true, "privacy": in.Privacy, "url": s.url(in.Name),
		"created_at": time.Now().UTC().Format(time.RFC3339), "config": in.Properties,
	})
}

func (s *Server) deleteRoom(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	s.mu.Lock()
	_, known := s.rooms[name]
	delete(s.rooms, name)
	if known {
		s.deleted = append(s.deleted, name)
	}
	s.mu.Unlock()
	if !known {
		refuse(w, 404, ids[404], "room "+name+" not found")
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
	s.mu.Unlock()
	if !known {
		refuse(w, 400, ids[400], "no such room")
		return
	}
	json.NewEncoder(w).Encode(map[string]string{"token": tokenOf(name)})
}
