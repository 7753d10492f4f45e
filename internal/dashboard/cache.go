package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// tagged gives each answer an ETag, answers 304 to a client that has the answer already, and compresses text.
func tagged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerOf(next, r).send(w, r)
	})
}

// answerOf is what next answers to r.
func answerOf(next http.Handler, r *http.Request) *answer {
	whole := r.Clone(r.Context())
	whole.Header.Del("Range")
	whole.Header.Del("If-Modified-Since")
	a := &answer{header: http.Header{}, status: http.StatusOK}
	next.ServeHTTP(a, whole)
	return a
}

// answer is a whole answer before it is sent. It may be sent to several clients that asked for the same.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer

	tagOnce, packOnce sync.Once
	tag               string
	packed            []byte
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// least is the smallest body, in bytes, that is worth compressing.
const least = 1 << 10

func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	body := a.body.Bytes()
	h := w.Header()
	maps.Copy(h, a.header)
	h.Del("Last-Modified")
	h.Del("Content-Length")
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	if a.status == http.StatusOK {
		a.tagOnce.Do(func() {
			sum := sha256.Sum256(body)
			a.tag = `"` + hex.EncodeToString(sum[:12]) + `"`
		})
		h.Set("ETag", a.tag)
		if strings.Contains(r.Header.Get("If-None-Match"), a.tag) {
			h.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	packs := strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
	if packs && len(body) > least && !strings.HasPrefix(h.Get("Content-Type"), "image/") {
		a.packOnce.Do(func() {
			a.packed = packed(body)
		})
		body = a.packed
		h.Set("Content-Encoding", "gzip")
	}
	if a.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// packers are reused: each holds tables of a megabyte, which cost more to make than a small answer to compress.
var packers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // NewWriterLevel fails only for an unknown level
	return z
}}

func packed(body []byte) []byte {
	var to bytes.Buffer
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(&to)
	z.Write(body)
	z.Close()
	return to.Bytes()
}
