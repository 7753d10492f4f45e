package fleet

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Address is where a hub is, and what its certificate has to be.
type Address struct {
	URL string // http or https, without a path
	Pin string // of the key of the hub's certificate; "" = an authority of this machine vouches for it
}

// ErrPin says that whoever answers has another key than the one that was pinned.
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
	a.URL = u.Scheme + "://" + u.Host
	return a, nil
}

// String is the address as a runner is given it.
func (a Address) String() string {
	if a.Pin == "" {
		return a.URL
	}
	return a.URL + "#" + a.Pin
}

// WebSocket is the address of NATS there.
func (a Address) WebSocket() string {
	return "ws" + strings.TrimPrefix(a.URL, "http") + NotifyPath
}

// PinOf is the pin of a certificate: its key, so that a renewed certificate with the same key keeps it.
func PinOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// TLS is how a runner checks the hub. With a pin no authority is asked: the key is what was printed at the hub.
func (a Address) TLS() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.Pin == "" {
		return c
	}
	c.InsecureSkipVerify = true // VerifyConnection does it
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 || PinOf(s.PeerCertificates[0]) != a.Pin {
			return ErrPin
		}
		return nil
	}
	return c
}
