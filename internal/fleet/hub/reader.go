package hub

import (
	"net/http"
	"net/netip"
	"slices"
)

// Proxy is a proxy before the hub that knows who its users are, and names whoever asks in a header.
type Proxy struct {
	Header string         // "" = there is none
	From   []netip.Prefix // where it asks from: nobody else is believed
}

// user is whom the proxy has named for r; "" = nobody.
func (p Proxy) user(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if p.Header == "" || err != nil ||
		!slices.ContainsFunc(p.From, func(n netip.Prefix) bool { return n.Contains(from.Addr().Unmap()) }) {
		return ""
	}
	named := r.Header.Values(p.Header)
	if len(named) != 1 { // of two, one may be what the user has sent
		return ""
	}
	return named[0]
}

// reads lets in whoever shows the token, and whomever the proxy has named. It is for what changes nothing.
func (h *Hub) reads(do http.HandlerFunc) http.Handler {
	byToken := h.admin(do)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := h.options.Proxy.user(r)
		if user == "" {
			byToken.ServeHTTP(w, r)
			return
		}
		mine := *r
		mine.RemoteAddr = user // whoever limits how much somebody asks counts users, and not the one proxy
		do(w, &mine)
	})
}
