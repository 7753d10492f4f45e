package livekit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/auth"
	protocol "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/sandbox/sandboxtest"
)

func joinInside(t *testing.T, server *sandboxtest.Server, class bench.TransportClass) *session {
	t.Helper()
	token, err := Key{server.Key, server.Secret}.Mint("inside", "me", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := Transport{}.Join(ctx, bench.Room{URL: server.URL, Token: token},
		bench.JoinOptions{Class: class, ReconnectTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.(*session)
}

// TestChannelParameters looks behind the SDK, which hides its data channels: what Facts says of
// them must be what they were opened with.
func TestChannelParameters(t *testing.T) {
	server := sandboxtest.Start(t)
	for _, class := range []bench.TransportClass{bench.DataChannelReliable, bench.DataChannelLossy} {
		s, lossy := joinInside(t, server, class), class == bench.DataChannelLossy
		hidden := reflect.ValueOf(s.room).Elem().FieldByName("engine")
		readable := reflect.NewAt(hidden.Type(), unsafe.Pointer(hidden.UnsafeAddr())).Elem()
		engine := readable.Interface().(*lksdk.RTCEngine)
		kind := protocol.DataPacket_RELIABLE
		if lossy {
			kind = protocol.DataPacket_LOSSY
		}
		dc := engine.GetDataChannel(kind)
		got := bench.Channel{Known: true, Ordered: dc.Ordered(), MaxRetransmits: dc.MaxRetransmits()}
		if want := s.Facts().Channel; !reflect.DeepEqual(got, want) {
			t.Errorf("lossy %v: the SDK opened %+v, Facts says %+v", lossy, got, want)
		}
		s.Close()
	}
}

// prompt is how soon a call has to return on a busy machine too. The SDK's own send call blocks for five seconds on a
// dead link.
const prompt = 3 * time.Second

// TestSendWithoutAServer: Send returns at once, and Close soon.
func TestSendWithoutAServer(t *testing.T) {
	server := sandboxtest.Start(t)
	s := joinInside(t, server, "")
	server.Kill()
	select {
	case <-s.down:
	case <-time.After(time.Minute):
		t.Fatal("the session does not see that its server is gone")
	}
	begin := time.Now()
	err := s.Send(t.Context(), bench.Message{Payload: []byte("x")})
	if d := time.Since(begin); !errors.Is(err, bench.ErrNotConnected) || d > prompt {
		t.Errorf("Send on a dead link: %v after %v, want %v at once", err, d, bench.ErrNotConnected)
	}
	begin = time.Now()
	s.Close()
	if d := time.Since(begin); d > closeTimeout+prompt {
		t.Errorf("Close took %v", d)
	}
}

// TestJoinThatIsLate: what a Join still waited for is told, and it waits for as long as it was given, which the SDK
// does not.
func TestJoinThatIsLate(t *testing.T) {
	t.Parallel()
	server := sandboxtest.Start(t)
	yes, no := true, false
	grant := &auth.VideoGrant{RoomJoin: true, Room: "inside", CanPublishData: &yes, CanSubscribe: &no}
	deaf, err := auth.NewAccessToken(server.Key, server.Secret).SetVideoGrant(grant).SetIdentity("me").
		SetValidFor(time.Hour).ToJWT()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, url, token, want string
		limit                  time.Duration
	}{
		{"a token that may not subscribe", server.URL, deaf, "the server opened no data channel towards us in 5.5s, " +
			"waiting for the data channels (may the token subscribe?)", connectTimeout + 500*time.Millisecond},
		{"a server that says nothing", "ws://" + benchtest.SilentServer(t), "token", "no answer in 300ms, waiting " +
			"for the answer to the HTTP upgrade (is this a LiveKit server?)", 300 * time.Millisecond},
		{"a TLS port that says nothing", "wss://" + benchtest.SilentServer(t), "token", "no answer in 300ms, waiting " +
			"for the TLS handshake (is this a LiveKit server?)", 300 * time.Millisecond},
		{"a port whose queue is full", "ws://" + fullQueue(t), "token",
			"no answer in 300ms, waiting for a TCP connection (is the address right, and does a firewall let " +
				"us through?)", 300 * time.Millisecond},
		{"an upgrade and then nothing", "ws://" + upgradesOnly(t), "token", "no answer in 300ms, waiting for the " +
			"server's answer to the join (is this a LiveKit server?)", 300 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), test.limit)
			defer cancel()
			s, err := Transport{}.Join(ctx, bench.Room{URL: test.url, Token: test.token},
				bench.JoinOptions{ReconnectTimeout: time.Minute})
			var late *bench.LateError
			if !errors.As(err, &late) || !errors.Is(err, context.DeadlineExceeded) || err.Error() != test.want {
				t.Errorf("%v, %v; want %s", s, err, test.want)
			}
		})
	}
}

// upgradesOnly is a server that makes WebSockets and says nothing on them.
func upgradesOnly(t *testing.T) string {
	t.Helper()
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := upgrader.Upgrade(w, r, nil); err == nil {
			t.Cleanup(func() { c.Close() })
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// fullQueue is a port on which no connection is accepted any more, so that the kernel drops what asks for one.
func fullQueue(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for { // until it is full
		c, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { c.Close() })
	}
}

func TestMessageTooLarge(t *testing.T) {
	s := joinInside(t, sandboxtest.Start(t), "")
	if err := s.Send(t.Context(), bench.Message{Payload: make([]byte, maxPayload+1)}); err == nil {
		t.Error("a message that the SDK drops without a word was taken")
	}
	if err := s.Send(t.Context(), bench.Message{Payload: make([]byte, maxPayload)}); err != nil {
		t.Error(err)
	}
}

func TestErrorsKeepNoToken(t *testing.T) {
	room := bench.Room{Token: "aaa.bbb+.ccc"}
	for _, text := range []string{"GET ?access_token=aaa.bbb+.ccc: 401", "GET ?access_token=aaa.bbb%2B.ccc: 401"} {
		if got := withoutToken(errors.New(text), room).Error(); got != "GET ?access_token=…: 401" {
			t.Error(got)
		}
	}
	if got := withoutToken(errors.New("on linux"), bench.Room{Token: "x"}).Error(); got != "on linux" {
		t.Error(got)
	}
}
