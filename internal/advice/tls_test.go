package advice

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestPortsThatSpeakTLS: whatever such a port does with a request that came without TLS, the error says so.
func TestPortsThatSpeakTLS(t *testing.T) {
	answers := httptest.NewUnstartedServer(http.NotFoundHandler())
	answers.Config.ErrorLog = log.New(io.Discard, "", 0)
	answers.StartTLS() // answers 400 in plain text
	defer answers.Close()
	address := answers.Listener.Addr().String()
	for name, reply := range map[string]string{
		"nginx": "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno",
		"alert": "\x15\x03\x01\x00\x02\x02\x46",
		"close": "",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go serveTLS(l, answers.TLS.Clone(), reply)
		said(t, name, l.Addr().String(), true)
	}
	said(t, "Go", address, true)
}

// TestPortsWithoutTLS: an answer of 400 that is the server's own stays, and so do errors.
func TestPortsWithoutTLS(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer plain.Close()
	said(t, "plain", plain.Listener.Addr().String(), false)
	said(t, "close", strings.TrimPrefix(repeating(t, ""), "http://"), false)
}

// said asks the port at address without TLS, and checks whether the error is ErrTLS.
func said(t *testing.T, name, address string, want bool) {
	t.Helper()
	client := http.Client{Transport: Guarded(&http.Transport{DisableKeepAlives: true}), Timeout: 10 * time.Second}
	answer, err := client.Post("http://"+address, "text/plain", strings.NewReader("hello"))
	if err == nil {
		answer.Body.Close()
	}
	if errors.Is(err, ErrTLS) != want || want && !Lasting(err) {
		t.Errorf("%s: %v", name, err)
	}
}

// serveTLS gives reply to who begins with anything but a handshake, and closes the connection.
func serveTLS(l net.Listener, config *tls.Config, reply string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			const handshake = 0x16 // RFC 8446, section 5.1
			var first [1]byte
			if _, err := io.ReadFull(c, first[:]); err != nil {
				return
			}
			if first[0] == handshake {
				tls.Server(begun{c, io.MultiReader(strings.NewReader(string(first[:])), c)}, config).Handshake()
				return
			}
			c.Read(make([]byte, 4096))
			fmt.Fprint(c, reply)
		}()
	}
}

// begun is a connection of which something was read already.
type begun struct {
	net.Conn
	all io.Reader
}

func (b begun) Read(p []byte) (int, error) { return b.all.Read(p) }

// TestAdviceByStatus: each answer that people meet on the way to a server has its advice.
func TestAdviceByStatus(t *testing.T) {
	for status, want := range map[int]string{
		101: "is this the right port?", 302: "is the URL right?", 407: "HTTP_PROXY", 421: "is the host right?",
		426: "pass on the Upgrade header", 429: "try again later", 502: "behind it does not", 504: "behind it does not",
		511: "a sign-in first", 521: "behind it does not", 526: "behind it does not",
	} {
		if got := Of(&Refused{Status: status}); !strings.Contains(got, want) {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
	}
}
