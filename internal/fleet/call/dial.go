package call

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Dialer reaches a hub, through a proxy where there is one: nats.go knows none.
type Dialer struct {
	URL   string // of the hub
	Proxy Proxy
}

const dialTimeout = 20 * time.Second

// Dial implements nats.CustomDialer.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
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
	if by.Scheme != "http" {
		return nil, fmt.Errorf("the proxy %s is not spoken to by http", by.Redacted())
	}
	conn, err := plain.DialContext(ctx, network, withPort(by))
	if err != nil {
		return nil, fmt.Errorf("reach the proxy: %w", err)
	}
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	if err := through(conn, by, address); err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return conn, nil
}

func withPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// through asks a proxy for a way to address (RFC 9110 §9.3.6).
func through(conn net.Conn, by *url.URL, address string) error {
	r := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if by.User != nil {
		password, _ := by.User.Password()
		r.Header.Set("Proxy-Authorization", "Basic "+
			base64.StdEncoding.EncodeToString([]byte(by.User.Username()+":"+password)))
	}
	if err := r.Write(conn); err != nil {
		return fmt.Errorf("ask the proxy: %w", err)
	}
	in := bufio.NewReader(conn)
	answer, err := http.ReadResponse(in, r)
	if err != nil {
		return fmt.Errorf("ask the proxy: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy does not let through to the hub: %s", answer.Status)
	}
	if in.Buffered() > 0 {
		return errors.New("the proxy said something before the hub could")
	}
	return nil
}
