package call

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rtcbench/internal/fleet"
)

// Somebody else at the hub's address may repeat all that it is told: no token is in an error, which is one line.
func TestWhoRepeatsTheToken(t *testing.T) {
	const admin, token = "admin:hunter2", "join-hunter3"
	for _, says := range []func(w http.ResponseWriter, told string){
		func(w http.ResponseWriter, told string) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"error":%q}`, told+"\nand more")
		},
		func(w http.ResponseWriter, told string) { fmt.Fprint(w, told) },
		func(w http.ResponseWriter, told string) {
			c, _, _ := w.(http.Hijacker).Hijack()
			fmt.Fprintf(c, "HTTP/1.1 500 %s\r\nContent-Length: 0\r\n\r\n", told)
			c.Close()
		},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			says(w, fmt.Sprint(r.Header.Get("Authorization"), " ", string(body)))
		}))
		h := Hub{Address: fleet.Address{URL: server.URL}, Admin: admin, Token: token}
		err := h.Do(t.Context(), http.MethodPost, "/x", map[string]string{"token": token}, &struct{}{})
		if err == nil || strings.Contains(err.Error(), "hunter") || strings.Contains(err.Error(), "\n") {
			t.Error(err)
		}
		server.Close()
	}
}
