package advice

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// repeating listens, and answers each request with reply, in which %s is the request's credential.
func repeating(t *testing.T, reply string) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				q, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				said := q.Header.Get("Authorization") + q.Header.Get("X-Amz-Security-Token") + q.URL.RawQuery
				fmt.Fprint(c, strings.ReplaceAll(reply, "%s", said))
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// What net/http cannot read it quotes in its error, and in that there may be what was sent.
func TestAnErrorQuotesNoCredential(t *testing.T) {
	const secret = "s3cret-t0ken"
	for _, reply := range []string{
		"%s\r\n\r\n",
		"HTTP/1.1 200 %s\r\n%s\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX %s: 1\r\n\r\n",
		"HTTP/1.1 x%s\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n",
		"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://[::%s\r\n\r\n",
	} {
		for name, credential := range map[string]func(*http.Request){
			"token":   func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+secret) },
			"basic":   func(q *http.Request) { q.SetBasicAuth("user", secret) },
			"session": func(q *http.Request) { q.Header.Set("X-Amz-Security-Token", secret) },
			"query":   func(q *http.Request) { q.URL.RawQuery = "t=" + secret },
		} {
			q, err := http.NewRequest(http.MethodGet, repeating(t, reply), nil)
			if err != nil {
				t.Fatal(err)
			}
			credential(q)
			client := http.Client{Transport: Guarded(Transport())}
			answer, err := client.Do(q)
			client.CloseIdleConnections()
			if err == nil {
				answer.Body.Close()
				continue
			}
			asked := errors.Unwrap(err) // of the URL's own text the caller takes care
			encoded := base64.StdEncoding.EncodeToString([]byte("user:" + secret))
			if text := asked.Error(); strings.Contains(text, secret) || strings.Contains(text, encoded) {
				t.Errorf("%s, %q: %v", name, reply, err)
			}
		}
	}
}

// An error is found by its type, guarded or not.
func TestGuardedKeepsTypes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + l.Addr().String()
	l.Close()
	client := http.Client{Transport: Guarded(Transport())}
	if _, err := client.Get(gone + "/?token=connection"); Of(err) != " (is the server running there?)" {
		t.Errorf("%v: advice %q", err, Of(err))
	}
	_, err = client.Get(repeating(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"))
	if err != nil {
		t.Error(err)
	}
	plain := repeating(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	if _, err := client.Get(strings.Replace(plain, "http:", "https:", 1)); err == nil {
		t.Error("TLS to a port without it succeeds")
	}
	answer, err := client.Get(repeating(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); string(body) != "hi" {
		t.Errorf("%q", body)
	}
}

// TestAnAnswerComesToAnEnd: a server that switches protocols, which nobody asked for, keeps nobody waiting.
func TestAnAnswerComesToAnEnd(t *testing.T) {
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
		<-hold
	}))
	defer server.Close()
	defer close(hold)
	answer, err := (&http.Client{Transport: Guarded(Transport())}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(answer.Body); answer.StatusCode != 101 || len(body) > 0 || err != nil {
		t.Error(answer.Status, body, err)
	}
}

// TestAnAnswerThatIsCutOff is no server that gave none, and no wrong port.
func TestAnAnswerThatIsCutOff(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "half")
	}))
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := Body(answer, 1<<10)
	if string(data) != "half" || !errors.Is(err, ErrCutOff) || Of(err) != "" {
		t.Errorf("%q, %v%s", data, err, Of(err))
	}
}

// TestAProxyThatIsNotThere: what is wrong with a proxy is not laid on the server behind it.
func TestAProxyThatIsNotThere(t *testing.T) {
	t.Parallel()
	proxy, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	for _, server := range []string{"https://example.invalid", "http://example.invalid"} {
		answer, err := client.Get(server)
		if err == nil {
			answer.Body.Close()
		}
		if text := Of(err); !strings.Contains(text, "that is the proxy: HTTP_PROXY or HTTPS_PROXY names it") {
			t.Errorf("%s: %v: %s", server, err, text)
		}
	}
}

// TestAPortOfAnotherProtocol: what answers by no HTTP at all is told as that, also when the error hides a credential.
func TestAPortOfAnotherProtocol(t *testing.T) {
	for _, reply := range []string{"SSH-2.0-OpenSSH_9.2\r\n", "220 mail ESMTP\r\n", "-ERR unknown command %s\r\n",
		"HTTP/1.1 200 OK\r\nno header\r\n\r\n"} {
		q, err := http.NewRequest("GET", repeating(t, reply), nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer s3cret-t0ken")
		_, err = (&http.Client{Transport: Guarded(Transport())}).Do(q)
		if got := Of(err); !strings.Contains(got, "not by HTTP") || !Lasting(err) {
			t.Errorf("%q: %v%s", reply, err, got)
		}
	}
}
