package echo

import (
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func TestTheToken(t *testing.T) {
	const token = "a-token-that-nobody-knows"
	s := newService(t, Options{AuthToken: token, Rate: 1000})
	defer s.service.Close(t.Context())
	for _, path := range []string{"/connect", "/disconnect"} {
		for _, shown := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Bearer " + token + "x",
			"Bearer " + token[:5], "Basic " + token, token, "Bearer " + strings.Repeat("x", 8000)} {
			w := s.do("POST", path, "", "Authorization", shown)
			if w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" || strings.Contains(w.Body.String(), token) {
				t.Errorf("%s with %.30q: %d %s", path, shown, w.Code, w.Body)
			}
		}
	}
	for _, path := range []string{"/rooms", "/metrics", "/else"} {
		if w := s.do("GET", path, ""); w.Code != 401 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/health", "/version", "/openapi.json"} {
		if w := s.do("GET", path, ""); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := s.do("POST", "/connect", "", "Authorization", "bearer "+token); w.Code != 200 {
		t.Errorf("with the token: %d", w.Code)
	}
	if strings.Contains(s.log.String(), token) {
		t.Error("the token is in the log")
	}
}

// No page of a browser is given a room, with a token or without; a service of this machine alone answers to its own
// names.
func TestPagesAreRefused(t *testing.T) {
	const token = "word"
	for name, c := range map[string]struct {
		o      Options
		host   string
		header []string
		post   int // POST /connect
		get    int // GET /rooms
	}{
		"a runner":                    {Options{Local: true}, "127.0.0.1:8001", nil, 200, 200},
		"a runner by name":            {Options{Local: true}, "localhost:8001", nil, 200, 200},
		"by another spelling":         {Options{Local: true}, "LOCALHOST.:8001", nil, 200, 200},
		"by IPv6":                     {Options{Local: true}, "[::1]:8001", nil, 200, 200},
		"by IPv6 without a port":      {Options{Local: true}, "[::1]", nil, 200, 200},
		"all of 127/8":                {Options{Local: true}, "127.9.9.9", nil, 200, 200},
		"a name that was bound to us": {Options{Local: true}, "evil.example:8001", nil, 403, 403},
		"one that looks like ours":    {Options{Local: true}, "localhost.evil.example", nil, 403, 403},
		"one that begins like ours":   {Options{Local: true}, "127.0.0.1.evil.example:8001", nil, 403, 403},
		"an address that is not ours": {Options{Local: true}, "192.0.2.1:8001", nil, 403, 403},
		"a page elsewhere": {Options{Local: true}, "127.0.0.1:8001",
			[]string{"Origin", "https://evil.example"}, 403, 200},
		"a page of a file": {Options{Local: true}, "127.0.0.1:8001", []string{"Origin", "null"}, 403,
			200},
		"a page of this machine": {Options{Local: true}, "localhost:8001",
			[]string{"Origin", "http://localhost:3000"}, 403, 200},
		"a form that says no origin": {Options{Local: true}, "localhost:8001",
			[]string{"Sec-Fetch-Site", "cross-site"}, 403, 200},
		"the same site": {Options{Local: true}, "localhost:8001",
			[]string{"Sec-Fetch-Site", "same-origin"}, 403, 200},
		"somebody who typed it": {Options{Local: true}, "localhost:8001", []string{"Sec-Fetch-Site", "none"},
			200, 200},
		"with a token, by any name": {Options{AuthToken: token}, "echo.example.com",
			[]string{"Authorization", "Bearer " + token}, 200, 200},
		"with a token, a page": {Options{AuthToken: token}, "echo.example.com",
			[]string{"Authorization", "Bearer " + token, "Origin", "https://evil.example"}, 403, 200},
		"with a token, a page, same-site": {Options{AuthToken: token}, "echo.example.com",
			[]string{"Authorization", "Bearer " + token, "Sec-Fetch-Site", "same-site"}, 403, 200},
		"open to everybody, but for pages": {Options{}, "echo.example.com", []string{"Origin", "https://evil.example"},
			403, 200},
		"open to everybody": {Options{}, "echo.example.com", nil, 200, 200},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, c.o)
			defer s.service.Close(t.Context())
			header := append([]string{"Host", c.host}, c.header...)
			if w := s.do("POST", "/connect", "", header...); w.Code != c.post ||
				w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("POST /connect: %d %s", w.Code, w.Body)
			}
			if w := s.do("POST", "/disconnect", `{"room_id":"unknown"}`, header...); w.Code != map[bool]int{true: 404,
				false: 403}[c.post == 200] {
				t.Errorf("POST /disconnect: %d %s", w.Code, w.Body)
			}
			if w := s.do("GET", "/rooms", "", header...); w.Code != c.get {
				t.Errorf("GET /rooms: %d %s", w.Code, w.Body)
			}
			if w := s.do("OPTIONS", "/health", "", header...); w.Code == 200 ||
				w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("OPTIONS /health: %d %v", w.Code, w.Header())
			}
			if w := s.do("GET", "/health", "", header...); w.Code != 200 {
				t.Errorf("GET /health: %d", w.Code)
			}
		})
	}
}

func TestAnotherMethod(t *testing.T) {
	s := newService(t, Options{Rate: 1000})
	defer s.service.Close(t.Context())
	for path, allowed := range map[string]string{
		"/connect": "POST", "/disconnect": "POST", "/rooms": "GET, HEAD", "/metrics": "GET, HEAD",
		"/health": "GET, HEAD", "/version": "GET, HEAD", "/openapi.json": "GET, HEAD",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			if strings.Contains(allowed, method) {
				continue
			}
			w := s.do(method, path, "")
			if w.Code != 405 || w.Header().Get("Allow") != allowed || !strings.Contains(w.Body.String(), `"detail":`) {
				t.Errorf("%s %s: %d, Allow %q, %s", method, path, w.Code, w.Header().Get("Allow"), w.Body)
			}
		}
	}
	if w := s.do("POST", "/else", ""); w.Code != 404 {
		t.Errorf("POST /else: %d", w.Code)
	}
}

// What a client sends is too much, too slow or cut off, and each is called so.
func TestBodiesThatDoNotArrive(t *testing.T) {
	s := newService(t, Options{})
	defer s.service.Close(t.Context())
	for _, path := range []string{"/connect", "/disconnect"} {
		for want, body := range map[int]io.Reader{
			408: iotest.ErrReader(&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}),
			413: strings.NewReader(strings.Repeat("x", maxBody+1)),
			400: iotest.ErrReader(io.ErrUnexpectedEOF),
		} {
			w := httptest.NewRecorder()
			s.service.Handler().ServeHTTP(w, httptest.NewRequest("POST", path, body))
			if w.Code != want || !strings.Contains(w.Body.String(), `"detail":`) {
				t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, want)
			}
		}
	}
	if s.rooms() != 0 {
		t.Error("a room was made")
	}
}

// TestRefusedAtOnce: whoever is refused hears so, and not after a rest of the body that may never come.
func TestRefusedAtOnce(t *testing.T) {
	s := newService(t, Options{})
	defer s.service.Close(t.Context())
	server := httptest.NewServer(s.service.Handler())
	defer server.Close()
	const chunked = "Transfer-Encoding: chunked\r\n"
	for _, c := range []struct{ path, header, body, want string }{
		{"/disconnect", chunked, fmt.Sprintf("%x\r\n%s", 2*maxBody, strings.Repeat("x", maxBody+1)), "413"},
		{"/connect", "Content-Length: 5000\r\n", strings.Repeat("x", maxBody+1), "413"},
		{"/connect", chunked + "Origin: http://elsewhere.example\r\n", "", "403"},
		{"/else", "Content-Length: 9\r\n", "x", "404"},
		{"/health", chunked, "", "405"},
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(time.Minute))
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s", c.path, c.header, c.body)
		answer := make([]byte, len("HTTP/1.1 413"))
		if _, err := io.ReadFull(conn, answer); err != nil || !strings.HasSuffix(string(answer), c.want) {
			t.Errorf("%s %q: %q, %v", c.path, c.header, answer, err)
		}
		conn.Close()
	}
}

func TestTooManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, Options{Rate: 5})
		defer s.service.Close(t.Context())
		handler := s.service.Handler()
		path := "/rooms"
		ask := func(from string) int {
			r := httptest.NewRequest("GET", path, nil)
			r.RemoteAddr = from
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			return w.Code
		}
		codes := map[int]int{}
		for i := range 100 {
			codes[ask(fmt.Sprint("192.0.2.1:", 1000+i))]++
		}
		if codes[200] != 10 || codes[429] != 90 {
			t.Errorf("%v", codes)
		}
		// What needs no token has a limit of its own.
		for _, path = range []string{"/health", "/version"} {
			clear(codes)
			for i := range 100 {
				codes[ask(fmt.Sprint("192.0.2.1:", 1000+i))]++
			}
			if path == "/health" && codes[200] != 10 || path == "/version" && codes[200] != 0 {
				t.Errorf("%s: %v", path, codes)
			}
		}
		path = "/rooms"
		if code := ask("192.0.2.2:1000"); code != 200 {
			t.Errorf("another address: %d", code)
		}
		time.Sleep(time.Second)
		if code := ask("192.0.2.1:9"); code != 200 {
			t.Errorf("a second later: %d", code)
		}
	})
}
