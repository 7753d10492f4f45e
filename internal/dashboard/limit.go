package dashboard

import (
	"net"
	"net/http"
	"sync"

	"golang.org/x/time/rate"
)

// What one address may ask of the interface: far more than a page does, and far less than what keeps a hub from its
// runs.
const (
	askedEach  = 50  // a second
	askedFirst = 300 // at one time
	mostAskers = 10_000
)

// limits are those of each address.
type limits struct {
	mu  sync.Mutex
	all map[string]*rate.Limiter
}

func (l *limits) of(address string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil || len(l.all) >= mostAskers { // who asks from so many addresses gains little by it
		l.all = map[string]*rate.Limiter{}
	}
	if l.all[address] == nil {
		l.all[address] = rate.NewLimiter(askedEach, askedFirst)
	}
	return l.all[address]
}

// limited refuses whoever asks more than that.
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
