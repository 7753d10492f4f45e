package dashboard

import (
	"net"
	"net/http"
	"sync"

	"golang.org/x/time/rate"
)

// The requests that one address may make: far more than a page makes, and far fewer than would keep a hub from its
// runs.
const (
	askedEach  = 50  // requests a second
	askedFirst = 300 // requests in one burst
	mostAskers = 10_000
)

// limits are the limiters of the addresses.
type limits struct {
	mu  sync.Mutex
	all map[string]*rate.Limiter
}

func (l *limits) of(address string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil || len(l.all) >= mostAskers { // a client with so many addresses gains little
		l.all = map[string]*rate.Limiter{}
	}
	if l.all[address] == nil {
		l.all[address] = rate.NewLimiter(askedEach, askedFirst)
	}
	return l.all[address]
}

// limited answers 429 to an address that exceeds its limit.
func (s *Server) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		if !s.limits.of(host).AllowN(s.Now(), 1) {
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusTooManyRequests, "this address asks too often: at the most 50 times a second")
			return
		}
		next.ServeHTTP(w, r)
	})
}
