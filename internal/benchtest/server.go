package benchtest

import (
	"net"
	"testing"
)

// SilentServer takes TCP connections on 127.0.0.1 and never says anything. It returns its
// address and ends with the test.
func SilentServer(t *testing.T) string {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
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
			defer c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}
