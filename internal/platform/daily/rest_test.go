package daily_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rtcbench/internal/platform/daily"
)

// A redirect is followed nowhere, by no call and with no status: the key stays with the host that was named.
func TestTheKeyIsNotTakenElsewhere(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{elsewhere.URL + "/v1/rooms?secret=TOPSECRET", strings.Replace(elsewhere.URL, "http:", "", 1) + "/x", "/other"} {
			named := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/v1/") {
					w.Header().Set("Location", to)
					w.WriteHeader(status)
					return
				}
				asked.Add(1)
			}))
			c := daily.Client{API: named.URL + "/v1", Key: "KEYKEYKEY", HTTP: named.Client()}
			_, made := c.CreateRoom(t.Context(), "room", time.Now().Add(time.Minute), "")
			_, token := c.CreateToken(t.Context(), "room", "name", time.Now().Add(time.Minute))
			for what, err := range map[string]error{"create": made, "token": token, "delete": c.DeleteRoom(t.Context(), "room")} {
				if err == nil || !strings.Contains(err.Error(), "sends the API key on to ") || !strings.Contains(err.Error(), strconv.Itoa(status)) {
					t.Errorf("%s, %d to %s: %v", what, status, to, err)
				} else if strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "KEYKEY") || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s, %d to %s: a secret, or two lines, in %q", what, status, to, err)
				}
			}
			named.Close()
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests followed a redirect", n)
	}
}
