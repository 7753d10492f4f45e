package browser

import (
	"crypto/rand"
	"io/fs"
	"net"
	"net/http"
	"time"
)

// serve serves the page on 127.0.0.1 under a path that nobody can guess, isolated from other
// origins: performance.now() then has steps of 5 µs instead of 100. COEP is credentialless, for
// Daily's CDN sends no resource policy that require-corp would take.
func serve(page fs.FS, sources []string) (*http.Server, string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	path := "/" + rand.Text() + "/"
	files := http.StripPrefix(path, http.FileServerFS(page))
	mux := http.NewServeMux()
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy(sources))
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "credentialless")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		files.ServeHTTP(w, r)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(l)
	return server, "http://" + l.Addr().String() + path, nil
}
