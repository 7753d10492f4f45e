package browser

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"rtcbench/internal/advice"
)

// ProxyError is a proxy on the way that wants a name and a password. Chromium takes none from the environment, and its
// pages and libraries are told of no status.
type ProxyError struct{ proxy string }

// Error says what is to be done, without what stands in the proxy's address.
func (e *ProxyError) Error() string {
	return "the proxy " + e.proxy + " wants a name and a password (HTTP 407), and Chromium takes none from the " +
		"environment: " +
		"let this machine through by its address, or name the host in NO_PROXY"
}

// dailyCDN is where daily-js loads its call machine from.
const dailyCDN = "https://c.daily.co"

// proxyRefuses asks the proxy on the way to a room, if the environment names one, as Chromium does: without a name. It
// does not wait; what it gives back does until ctx ends, and returns a *ProxyError or nil.
func proxyRefuses(ctx context.Context, c JoinConfig) (told func() error) {
	text := c.URL
	if c.Platform == "daily" {
		text = cmp.Or(c.BundleURL, dailyCDN)
	}
	if rest, ok := strings.CutPrefix(text, "ws"); ok {
		text = "http" + rest // wss is https
	}
	done := make(chan error, 1)
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, text, nil)
	if err != nil {
		return func() error { return nil }
	}
	proxy, err := http.ProxyFromEnvironment(request)
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
		select { // it may have answered long ago
		case err := <-done:
			return err
		default:
			return nil
		}
	}
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
