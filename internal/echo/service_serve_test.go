package echo

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// On a real socket: a client that says its headers a byte at a time is put out, and the end leaves no room.
func TestServe(t *testing.T) {
	s := newService(t, Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.service.Serve(ctx, l) }()
	slow, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	fmt.Fprint(slow, "POST /connect HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	client := Client{URL: "http://" + l.Addr().String()}
	connecting, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	in, err := client.Connect(connecting, "", "livekit")
	if err != nil || in.RoomID == "" {
		t.Fatalf("%v %+v", err, in)
	}
	slow.SetReadDeadline(time.Now().Add(time.Minute))
	if text, err := io.ReadAll(slow); err != nil || len(text) > 0 && !strings.HasPrefix(string(text), "HTTP/1.1 408") {
		t.Errorf("the slow one: %q, %v", text, err)
	}
	stop()
	select {
	case err = <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
	if err != nil || s.host.closed.Load() != 1 {
		t.Errorf("%v, %d rooms closed", err, s.host.closed.Load())
	}
}
