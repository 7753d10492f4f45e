package call

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"rtcbench/internal/advice"
)

// Dialer connects to a hub, through a proxy if one is set: nats.go itself does not support proxies.
type Dialer struct {
	URL   string // of the hub
	Proxy Proxy
}

const dialTimeout = 20 * time.Second

// Dial implements nats.CustomDialer.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	if host, port, err := net.SplitHostPort(address); err == nil {
		address = net.JoinHostPort(advice.ASCIIHost(host), port)
	}
	var plain net.Dialer
	var by *url.URL
	if u, err := url.Parse(d.URL); err == nil && d.Proxy != nil {
		if by, err = d.Proxy(u); err != nil {
			return nil, err
		}
	}
	if by == nil {
		return plain.DialContext(ctx, network, address)
	}
	conn, err := toProxy(ctx, network, by)
	if err != nil {
		return nil, fmt.Errorf("reach the proxy %s: %w%s", by.Host, err, advice.Of(err))
	}
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	if err := through(ctx, conn, by, address); err != nil {
		conn.Close()
		return nil, fmt.Errorf("through the proxy %s: %w%s", by.Host, err, advice.Of(err))
	}
	conn.SetDeadline(time.Time{})
	return conn, nil
}

// toProxy connects to a proxy over http or https. Another scheme is an error.
func toProxy(ctx context.Context, network string, by *url.URL) (net.Conn, error) {
	switch by.Scheme {
	case "http":
		return new(net.Dialer).DialContext(ctx, network, withPort(by, "80"))
	case "https":
		return new(tls.Dialer).DialContext(ctx, network, withPort(by, "443"))
	}
	return nil, errors.New("it is spoken to by http or https alone")
}

func withPort(u *url.URL, port string) string {
	return net.JoinHostPort(advice.ASCIIHost(u.Hostname()), cmp.Or(u.Port(), port))
}

// through asks the proxy for a tunnel to address with CONNECT (RFC 9110 §9.3.6).
func through(ctx context.Context, conn net.Conn, by *url.URL, address string) error {
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if by.User != nil {
		password, _ := by.User.Password()
		r.Header.Set("Proxy-Authorization", "Basic "+
			base64.StdEncoding.EncodeToString([]byte(by.User.Username()+":"+password)))
	}
	if err := r.Write(conn); err != nil {
		return err
	}
	in := bufio.NewReader(conn)
	answer, err := http.ReadResponse(in, r)
	if err != nil {
		return err
	}
	if err := advice.ProxyAnswered(ctx, by, r, answer); err != nil {
		return err
	}
	if in.Buffered() > 0 {
		return errors.New("it said something before the hub could")
	}
	return nil
}
