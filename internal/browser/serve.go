package browser

import (
	"crypto/rand"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"time"
)

// pages serves the engine's pages on 127.0.0.1. Each participant's page has a path of its own that nobody can guess,
// and a policy of its own. Pages are isolated from other origins: performance.now() then has steps of 5 µs instead of
// 100. COEP is credentialless, because Daily's CDN sends no resource policy that require-corp would take.
type pages struct {
	files  http.Handler
	server *http.Server
	base   string // http://host:port

	mu       sync.Mutex
	policies map[string]string // by path
}

func serve(page fs.FS) (*pages, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &pages{files: http.FileServerFS(page), base: "http://" + l.Addr().String(), policies: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{secret}/{file}", p.file)
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go p.server.Serve(l)
	return p, nil
}

func (p *pages) file(w http.ResponseWriter, r *http.Request) {
	secret := r.PathValue("secret")
	p.mu.Lock()
	policy, known := p.policies[secret]
	p.mu.Unlock()
	if !known {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "credentialless")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	http.StripPrefix("/"+secret, p.files).ServeHTTP(w, r)
}

// add makes a path for one participant and returns the URL of its page.
func (p *pages) add(c JoinConfig) string {
	secret := rand.Text()
	p.mu.Lock()
	p.policies[secret] = policy(c)
	p.mu.Unlock()
	return p.base + "/" + secret + "/" + c.Platform + ".html"
}
