// Package dashboard shows the runs of a store in a browser: as a page, as the HTTP interface behind the page, and as a
// report in one file. It computes nothing that the command line does not compute, and changes nothing.
package dashboard

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"rtcbench/bench"
	"rtcbench/internal/recent"
)

// Options are what a Server needs.
type Options struct {
	Open  func() (bench.Store, error) // opens the store to read; the error is *archive.NoStore if there is no store yet
	Pages fs.FS                       // index.html and the files that it loads; nil = this build has no page
	Fleet func() Fleet                // the places of a hub at this moment; nil = there is no hub
	Live  Pings                       // the pings of runs that are under way; nil = there are none to show
	// Guarded says that the server around this one lets in only users who may read the page. The page then answers to
	// every host name. Otherwise it answers to the names of this machine alone.
	Guarded bool
	Log     *slog.Logger
	Now     func() time.Time // nil = the time of this machine
}

// Server answers requests for the page and for the interface behind it (openapi.json).
type Server struct {
	Options
	source  source
	limits  limits
	kept    events // runs that the store has got
	pings   events // pings of runs that are under way
	recent  *recent.Memory
	looks   *rate.Limiter // limits how often requests have the store looked at
	turns   chan struct{} // has an entry for each timelines that are being made from memory
	shown   shown
	answers answers
}

// New makes a Server. It opens nothing before the first request.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{Options: o, source: source{open: o.Open}, looks: rate.NewLimiter(rate.Every(lookEvery), fewLooks),
		turns: make(chan struct{}, runtime.GOMAXPROCS(0))}
	s.kept = events{make: s.tellKept, room: 16}
	s.recent = recent.New(o.Now, s.shown.hear)
	s.pings = events{make: s.tellPings, room: 8}
	return s
}

// Close closes the store. A later request opens the store again.
func (s *Server) Close() error { return s.source.close() }

const (
	headerTimeout = 5 * time.Second
	goodbye       = 2 * time.Second // for answers that are under way when Serve ends
)

// Serve answers on l until ctx ends. It closes l and the store.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer s.Close()
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: headerTimeout, MaxHeaderBytes: 16 << 10, IdleTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	var warm sync.WaitGroup
	defer warm.Wait()
	warm.Go(func() { _ = s.Warm(ctx) }) // the next request meets the same error and reports it
	defer s.KeepWarm(ctx)()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if server.Shutdown(leaving) != nil {
		server.Close()
	}
	return nil
}

// policy lets the page load its own files and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed openapi.json
var openAPI []byte

// Handler is the page at /, and the interface below /api.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, read := range map[string]reading{
		"/api/v1/history": s.history, "/api/v1/runs": s.runs, "/api/v1/series": s.series,
		"/api/v1/overview": s.overview, "/api/v1/runs/{id}": s.run,
		"/api/v1/compare": s.compare, "/api/v1/mesh": s.mesh, "/api/results/{what}": s.original,
	} {
		mux.Handle("GET "+path, s.asked(path, s.reads(read)))
	}
	mux.HandleFunc("GET /api/v1/live", s.live)
	mux.Handle("GET /api/v1/fleet", s.asked("/api/v1/fleet", tagged(http.HandlerFunc(s.fleet))))
	mux.Handle("GET /api/v1/openapi.json", tagged(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(openAPI)
	})))
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed, "the interface can be read and not written")
			return
		}
		refuse(w, http.StatusNotFound, "there is nothing here; /api/v1/openapi.json lists what there is")
	})
	mux.Handle("/", s.page())
	return s.guarded(s.limited(mux))
}

// page serves the files that npm built. The names of the files never change, so a browser asks each time whether its
// copies are still current.
func (s *Server) page() http.Handler {
	if s.Pages == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Write([]byte("This build of rtcbench has no page: it was built without the npm step (make build makes " +
				"a complete one).\nThe interface is there all the same: /api/v1/openapi.json lists it.\n"))
		})
	}
	return tagged(http.FileServerFS(s.Pages))
}

// guarded refuses requests that pages of other sites make in a browser on this machine, also if a site has bound its
// own name to this address (DNS rebinding).
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		switch site := r.Header.Get("Sec-Fetch-Site"); {
		case !s.Guarded && !isHere(r.Host):
			refuse(w, http.StatusForbidden, "this page is not called "+quoted(r.Host)+" here")
		case r.Header.Get("Origin") != "" && !s.sameOrigin(r), site == "cross-site", site == "same-site":
			if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" {
				next.ServeHTTP(w, r) // the user followed a link
				return
			}
			refuse(w, http.StatusForbidden, "other pages may not read this one")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isHere reports whether host is a name of this machine, with or without a port.
func isHere(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *Server) sameOrigin(r *http.Request) bool {
	_, host, found := strings.Cut(r.Header.Get("Origin"), "://")
	return found && host == r.Host
}

// refusal is the body of an answer that refuses a request. The original tool's interface uses the same keys.
type refusal struct {
	Error   string `json:"error"`
	Details string `json:"details,omitempty"`
}

func refuse(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(refusal{Error: why})
}

// failed answers for a store that could not be read.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil || errors.Is(err, context.Canceled) {
		return // the client is gone
	}
	s.Log.Error("a request failed", "path", r.URL.Path, "error", err.Error())
	refuse(w, http.StatusBadGateway, err.Error())
}
