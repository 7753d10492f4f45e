package echo

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"rtcbench/bench"
)

//go:embed openapi.json
var openAPI []byte

const (
	maxBody    = 4 << 10
	maxHeader  = 16 << 10
	maxClients = 10_000 // addresses whose rate is remembered
	retryAfter = 5      // seconds

	readTimeout = 10 * time.Second // of a whole request
)

// Serve answers on l until ctx ends, then leaves and deletes all rooms. It closes l.
func (s *Service) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: s.Handler(), MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: readTimeout, WriteTimeout: openTimeout + closeTimeout,
		IdleTimeout: time.Minute,
		ErrorLog:    slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	err = errors.Join(err, s.Close(leaving))
	if e := server.Shutdown(leaving); e != nil {
		server.Close()
	}
	return err
}

// Handler is the HTTP interface: docs/echo-service.md, and openapi.json.
func (s *Service) Handler() http.Handler {
	open, guarded, all := http.NewServeMux(), http.NewServeMux(), http.NewServeMux()
	route(open, http.MethodGet, "/health", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, map[string]string{"status": "ok", "platform": s.Platform()})
	})
	route(open, http.MethodGet, "/version", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, map[string]string{"version": s.options.Version})
	})
	route(open, http.MethodGet, "/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(openAPI)
	})
	route(guarded, http.MethodPost, "/connect", s.handleConnect)
	route(guarded, http.MethodPost, "/disconnect", s.handleDisconnect)
	route(guarded, http.MethodGet, "/rooms", s.handleRooms)
	route(guarded, http.MethodGet, "/metrics", s.meter.handler().ServeHTTP)
	guarded.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "there is nothing here")
	})
	// Each of the two has a limit of its own: a client that asks for many rooms must not make a probe of the service's
	// health fail.
	probes := s.limited(open)
	for _, path := range []string{"/health", "/version", "/openapi.json"} {
		all.Handle(path, probes)
	}
	all.Handle("/", s.limited(s.authorised(s.noPage(guarded))))
	return s.logged(all)
}

// route answers one method of a path, and refuses the other methods.
func route(mux *http.ServeMux, method, path string, handle http.HandlerFunc) {
	allowed := method
	if method == http.MethodGet {
		allowed = "GET, HEAD"
	}
	mux.HandleFunc(method+" "+path, handle)
	mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allowed)
		refuse(w, http.StatusMethodNotAllowed, "this path takes "+allowed)
	})
}

// noPage refuses requests of pages in browsers: no runner is one. A page that somebody opens on this machine could ask
// for rooms at the cost of the service's owner, and could read their tokens once its own name points to this address.
func (s *Service) noPage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := r.Header.Get("Sec-Fetch-Site")
		_, hasOrigin := r.Header["Origin"]
		switch {
		case r.Method == http.MethodPost && (hasOrigin || site != "" && site != "none"):
			refuse(w, http.StatusForbidden, "this service gives no rooms to web pages")
		case s.options.Local && r.Host != "" && !namesThisMachine(r.Host):
			refuse(w, http.StatusForbidden, "this service answers to localhost, 127.0.0.1 and [::1] alone, since it "+
				"asks for no token")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// namesThisMachine reports whether the host of a request, with or without a port, is this machine whatever a name
// server says.
func namesThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// body reads what a client sends; ok is false when it was refused.
func body(w http.ResponseWriter, r *http.Request) (data []byte, ok bool) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return data, true
	case errors.As(err, &tooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a body of more than %d bytes", maxBody))
	case errors.Is(err, os.ErrDeadlineExceeded):
		refuse(w, http.StatusRequestTimeout, fmt.Sprintf("the body did not arrive in %v", readTimeout))
	default:
		refuse(w, http.StatusBadRequest, "the body did not arrive as its headers say")
	}
	return nil, false
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store") // there are tokens in it
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// refuse answers in the form of the original service, and closes the connection: else the answer would wait for the
// rest of a body that nobody reads.
func refuse(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Connection", "close")
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	answerJSON(w, status, map[string]string{"detail": detail})
}

func (s *Service) handleConnect(w http.ResponseWriter, r *http.Request) {
	if _, ok := body(w, r); !ok { // a body is not needed
		return
	}
	waits := !strings.HasPrefix(r.UserAgent(), userAgent)
	platforms := slices.Sorted(maps.Keys(s.options.Hosts))
	if one := r.URL.Query().Get("platform"); one != "" && one != "both" {
		if !slices.Contains(platforms, one) {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("platform %.40q is not served here; %s is", one,
				strings.Join(platforms, ", ")))
			return
		}
		platforms = []string{one}
	}
	channel := r.URL.Query().Get("channel")
	class := bench.ClassOf(channel)
	if channel != "" && channel != class.Channel() {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("channel %.40q is not known here", channel))
		return
	}
	var no *bench.NotCarriedError
	invitation, err := s.open(r.Context(), platforms, class, waits)
	switch {
	case err == nil && r.Context().Err() != nil: // the client is gone, and does not hear of the room
		s.disconnect(context.WithoutCancel(r.Context()), invitation.RoomID)
	case err == nil:
		answerJSON(w, http.StatusOK, invitation)
	case errors.As(err, &no):
		refuse(w, http.StatusBadRequest, no.Error())
	case errors.Is(err, errFull):
		refuse(w, http.StatusTooManyRequests,
			fmt.Sprintf("all %d rooms are taken; try again later", s.options.MaxRooms))
	case errors.Is(err, errClosing):
		refuse(w, http.StatusServiceUnavailable, err.Error())
	default:
		s.options.Log.Error("open a room", "error", err)
		refuse(w, http.StatusBadGateway, "the room could not be made: "+err.Error())
	}
}

func (s *Service) handleDisconnect(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		RoomID string `json:"room_id"`
	}
	data, ok := body(w, r)
	if !ok {
		return
	}
	if json.Unmarshal(data, &asked) != nil || asked.RoomID == "" {
		refuse(w, http.StatusUnprocessableEntity, `the body has to be {"room_id": "…"}`)
		return
	}
	if !s.disconnect(r.Context(), asked.RoomID) {
		refuse(w, http.StatusNotFound, "there is no such room; it may have ended")
		return
	}
	answerJSON(w, http.StatusOK, map[string]any{"status": "success", "room_id": asked.RoomID,
		"message": "the room has ended", "cleaned_up": true})
}

// roomInfo is what GET /rooms tells of a room; tokens are not in it.
type roomInfo struct {
	Platforms []string `json:"platforms"`
	CreatedAt float64  `json:"created_at"` // Unix s
	ExpiresAt float64  `json:"expires_at"`
}

func (s *Service) handleRooms(w http.ResponseWriter, _ *http.Request) {
	active := map[string]roomInfo{}
	s.mu.Lock()
	for id, r := range s.rooms {
		if r.places != nil {
			active[id] = roomInfo{slices.Sorted(maps.Keys(r.places)), unixSeconds(r.created), unixSeconds(r.expires)}
		}
	}
	s.mu.Unlock()
	answerJSON(w, http.StatusOK, map[string]any{"active_rooms": active})
}

// authorised lets in clients that show the token. It compares hashes of equal length, in constant time.
func (s *Service) authorised(next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(s.options.AuthToken))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.options.AuthToken != "" {
			scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			got := sha256.Sum256([]byte(strings.TrimSpace(shown)))
			if subtle.ConstantTimeCompare(got[:], want[:]) != 1 || !strings.EqualFold(scheme, "Bearer") {
				w.Header().Set("WWW-Authenticate", `Bearer realm="rtcbench echo"`)
				refuse(w, http.StatusUnauthorized, "this service wants its token: Authorization: Bearer TOKEN "+
					"(rtcbench: --agent-token)")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// limited limits how often one address may ask.
func (s *Service) limited(next http.Handler) http.Handler {
	clients, err := lru.New[string, *rate.Limiter](maxClients)
	if err != nil {
		panic(err) // the size above is wrong
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fresh := rate.NewLimiter(rate.Limit(s.options.Rate), max(1, int(2*s.options.Rate)))
		limiter, known, _ := clients.PeekOrAdd(host, fresh)
		if !known {
			limiter = fresh
		} else {
			clients.Get(host) // marks the limiter as used
		}
		if !limiter.Allow() {
			refuse(w, http.StatusTooManyRequests, "too many requests from this address")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (s *Service) logged(next http.Handler) http.Handler {
	known := []string{"/connect", "/disconnect", "/rooms", "/metrics", "/health", "/version", "/openapi.json"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rec := &recorder{w, http.StatusOK}
		next.ServeHTTP(rec, r)
		path := r.URL.Path
		if !slices.Contains(known, path) { // strangers choose the path
			path = "other"
		}
		s.meter.requests.WithLabelValues(path, strconv.Itoa(rec.status)).Inc()
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		level := slog.LevelInfo
		if path == "/health" || path == "/metrics" {
			level = slog.LevelDebug
		}
		s.options.Log.Log(r.Context(), level, "request", "method", r.Method, "path", path, "status", rec.status, "from",
			host, "took", time.Since(began).Round(time.Microsecond))
	})
}
