package fleet

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Address is the URL of a hub and the pin of its certificate.
type Address struct {
	URL string // http or https, without a path
	Pin string // of the key of the hub's certificate; "" = the system's certificate authorities are asked
}

// ErrPin says that the server's certificate has another key than the pin names.
var ErrPin = errors.New("the certificate of the hub is not the one that the pin names: this is another hub, or " +
	"somebody stands between")

// ReadAddress reads https://host:port#PIN. A pin is 43 characters of base64url.
func ReadAddress(text string) (Address, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return Address{}, errors.New("a hub's address is https://HOST:PORT, or https://HOST:PORT#PIN")
	}
	a := Address{Pin: u.Fragment}
	if a.Pin != "" {
		if raw, err := base64.RawURLEncoding.DecodeString(a.Pin); err != nil || len(raw) != sha256.Size {
			return Address{}, fmt.Errorf("the pin behind # has %d characters and is none: it is what the hub printed "+
				"there, 43 characters", len(a.Pin))
		}
		if u.Scheme != "https" {
			return Address{}, errors.New("a pin is of a certificate, and http has none: the address begins with https")
		}
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return Address{}, errors.New("a hub's address has no path, no query and no user: https://HOST:PORT#PIN")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return Address{}, errors.New("http shows tokens and seats to everybody on the way, and is for this machine " +
			"alone: elsewhere a hub's address begins with https")
	}
	a.URL = u.Scheme + "://" + u.Host
	return a, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// String is the address in the form that ReadAddress reads.
func (a Address) String() string {
	if a.Pin == "" {
		return a.URL
	}
	return a.URL + "#" + a.Pin
}

// WebSocket is the address at which the hub serves NATS over WebSocket.
func (a Address) WebSocket() string {
	return "ws" + strings.TrimPrefix(a.URL, "http") + NotifyPath
}

// PinOf is the pin of a certificate: a hash of its public key. A renewed certificate with the same key keeps the pin.
func PinOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// TLS is how a runner checks the hub's certificate. With a pin, no authority is asked: the key has to be the one that
// the hub printed.
func (a Address) TLS() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.Pin == "" {
		return c
	}
	c.InsecureSkipVerify = true // VerifyConnection checks the key instead
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 || PinOf(s.PeerCertificates[0]) != a.Pin {
			return ErrPin
		}
		return nil
	}
	return c
}
