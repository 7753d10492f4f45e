package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
)

// tagged gives each answer an ETag, answers 304 to whoever has it already, and packs what is text.
func tagged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		whole := r.Clone(r.Context())
		whole.Header.Del("Range")
		whole.Header.Del("If-Modified-Since")
		b := &answer{header: w.Header(), status: http.StatusOK}
		next.ServeHTTP(b, whole)
		b.send(w, r)
	})
}

// answer is a whole answer before it is sent.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *answer) Header() http.Header         { return b.header }
func (b *answer) WriteHeader(status int)      { b.status = status }
func (b *answer) Write(p []byte) (int, error) { return b.body.Write(p) }

// least is how long a body is that is worth packing.
const least = 1 << 10

func (b *answer) send(w http.ResponseWriter, r *http.Request) {
	body := b.body.Bytes()
	h := w.Header()
	h.Del("Last-Modified")
	h.Del("Content-Length")
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	if b.status == http.StatusOK {
		sum := sha256.Sum256(body)
		tag := `"` + hex.EncodeToString(sum[:12]) + `"`
		h.Set("ETag", tag)
		if strings.Contains(r.Header.Get("If-None-Match"), tag) {
			h.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	packs := strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	if packs && len(body) > least && !strings.HasPrefix(h.Get("Content-Type"), "image/") {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write(body)
		z.Close()
		body = packed.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(b.status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}
