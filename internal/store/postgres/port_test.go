package postgres

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// TestOtherServersPorts: a port where no PostgreSQL server listens is told in one line, with what to look at.
func TestOtherServersPorts(t *testing.T) {
	for name, reply := range map[string]string{
		"HTTP": "HTTP/1.1 400 Bad Request\r\n\r\n", "SSH": "SSH-2.0-OpenSSH_9.6\r\n",
		"Redis": "-ERR unknown command\r\n", "MySQL": "\x4a\x00\x00\x00\x0a8.0.36\x00", "nobody": "",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Read(make([]byte, 1024)) // a connection with unread bytes would be reset
				io.WriteString(c, reply)
				c.Close()
			}
		}()
		for _, mode := range []string{"prefer", "disable", "require"} {
			url := fmt.Sprintf("postgres://u:geheim@%s/db?sslmode=%s", l.Addr(), mode)
			_, err := New(t.Context(), Options{URL: url})
			if err == nil || strings.Count(err.Error(), "127.0.0.1") > 3 || strings.ContainsAny(err.Error(), "\n") ||
				!strings.HasSuffix(err.Error(), "(is a PostgreSQL server there, and does sslmode fit its TLS?)") {
				t.Errorf("%s, sslmode=%s: %v", name, mode, err)
			}
		}
		l.Close()
		<-done
	}
}
