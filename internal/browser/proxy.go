package browser

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"rtcbench/internal/advice"
	"rtcbench/internal/environment"
)

// ProxyError means that a proxy on the way wants a name and a password. Chromium takes none from the environment, and
// does not tell its pages and libraries the status of the proxy's answer.
type ProxyError struct{ proxy string }

// Error says what to do, without showing what is in the proxy's address.
func (e *ProxyError) Error() string {
	return "the proxy " + e.proxy + " wants a name and a password (HTTP 407), and Chromium takes none from the " +
		"environment: " +
		"let this machine through by its address, or name the host in NO_PROXY"
}

// proxyRefuses asks the proxy on the way to a room, if the environment names one. It asks as Chromium does: without a
// name. proxyRefuses does not wait for the answer: the function told does, until ctx ends, and returns a *ProxyError or
// nil.
func proxyRefuses(ctx context.Context, c JoinConfig, e environment.Environment) (told func() error) {
	text := cmp.Or(c.BundleURL, c.Page.Code, c.URL)
	if rest, ok := strings.CutPrefix(text, "ws"); ok {
		text = "http" + rest // wss is https
	}
	done := make(chan error, 1)
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, text, nil)
	if err != nil {
		return func() error { return nil }
	}
	proxy, err := proxies(e)(request.URL)
	if err != nil || proxy == nil {
		return func() error { return nil }
	}
	go func() { done <- askProxy(request, url.URL{Scheme: proxy.Scheme, Host: proxy.Host}) }()
	return func() error {
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
		}
		select { // the proxy may have answered long ago
		case err := <-done:
			return err
		default:
			return nil
		}
	}
}

// proxies gives the proxy for a URL by the variables.
func proxies(e environment.Environment) func(*url.URL) (*url.URL, error) {
	get := func(name string) string { return cmp.Or(e.Get(name), e.Get(strings.ToLower(name))) }
	c := httpproxy.Config{HTTPProxy: get("HTTP_PROXY"), HTTPSProxy: get("HTTPS_PROXY"), NoProxy: get("NO_PROXY")}
	return c.ProxyFunc()
}

func askProxy(request *http.Request, proxy url.URL) error {
	transport := advice.Transport()
	transport.Proxy, transport.DisableKeepAlives = http.ProxyURL(&proxy), true
	answer, err := transport.RoundTrip(request)
	status := 0
	var refused *advice.Refused
	switch {
	case errors.As(err, &refused):
		status = refused.Status
	case err == nil:
		answer.Body.Close()
		status = answer.StatusCode
	}
	if status != http.StatusProxyAuthRequired {
		return nil
	}
	return &ProxyError{proxy.Host}
}
