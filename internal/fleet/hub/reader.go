package hub

import (
	"net/http"
	"net/netip"
	"slices"
)

// Proxy is a proxy before the hub that authenticates users and names the user in a header.
type Proxy struct {
	Header string         // "" = there is no proxy
	From   []netip.Prefix // addresses of the proxy; other clients are not believed
}

// user is the user that the proxy names for r; "" = none.
func (p Proxy) user(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if p.Header == "" || err != nil ||
		!slices.ContainsFunc(p.From, func(n netip.Prefix) bool { return n.Contains(from.Addr().Unmap()) }) {
		return ""
	}
	named := r.Header.Values(p.Header)
	if len(named) != 1 { // with two values, one may come from the client
		return ""
	}
	return named[0]
}

// reads calls do for clients with the admin token and for users that the proxy names. do must not change anything.
func (h *Hub) reads(do http.HandlerFunc) http.Handler {
	byToken := h.admin(do)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := h.options.Proxy.user(r)
		if user == "" {
			byToken.ServeHTTP(w, r)
			return
		}
		mine := *r
		mine.RemoteAddr = user // limits count each user for himself, not all users of the proxy together
		do(w, &mine)
	})
}
