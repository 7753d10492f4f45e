package hub

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"

	"rtcbench/internal/fleet"
	"rtcbench/internal/outbox"
)

// Files in the hub's folder. They hold the addresses at which this machine and the runners reach the hub.
const (
	addressFile = "address"
	publicFile  = "public"
)

// Addresses are the addresses of a hub: Here for this machine, There for runners.
type Addresses struct{ Here, There fleet.Address }

// AddressesOf are the addresses of a hub that listens at l. public is the URL that its operator gives; "" = the address
// of l. self says that the hub made its certificate itself. If it did not, the runners' address has no pin: runners ask
// a certificate authority.
func AddressesOf(l net.Addr, public, pin string, self bool) (a Addresses) {
	scheme := "http"
	if pin != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(l.String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	a.Here = fleet.Address{URL: scheme + "://" + net.JoinHostPort(host, port), Pin: pin}
	a.There = a.Here
	if public != "" {
		a.There = fleet.Address{URL: strings.TrimRight(public, "/"), Pin: pin}
		if !self {
			a.There.Pin = ""
		}
	}
	return a
}

// Keep writes the addresses into the hub's folder. Commands on this machine find the hub by them.
func (a Addresses) Keep(dir string) error {
	if err := outbox.WriteFile(filepath.Join(dir, addressFile), []byte(a.Here.String()+"\n")); err != nil {
		return err
	}
	return outbox.WriteFile(filepath.Join(dir, publicFile), []byte(a.There.String()+"\n"))
}

// ErrElsewhere says that an address is not that of the hub on this machine. The admin token of this hub must not be
// sent to another one.
var ErrElsewhere = errors.New("this is not the address of the hub of this machine, and its admin token is shown to " +
	"nobody else")

// Near reads from a hub's folder the address of the hub on this machine and its admin token. An address or a token that
// the caller gives is kept. The error is os.ErrNotExist if no hub has worked in that folder.
func Near(dir, address, admin string) (string, string, error) {
	if _, err := os.Stat(dir); err != nil {
		return address, admin, err
	}
	here, err := readLine(filepath.Join(dir, addressFile))
	switch {
	case address == "" && err != nil:
		return address, admin, err
	case address == "":
		address = here
	case admin == "" && !same(address, here) && !same(address, Public(dir)):
		return address, admin, ErrElsewhere
	}
	if admin == "" {
		admin, err = AdminToken(dir)
		return address, admin, err
	}
	return address, admin, nil
}

// same reports whether two addresses are of one hub: by their pin, or without one by their URL.
func same(one, other string) bool {
	a, err := fleet.ReadAddress(one)
	b, failed := fleet.ReadAddress(other)
	return err == nil && failed == nil && a.Pin == b.Pin && (a.Pin != "" || a.URL == b.URL)
}

// Public is the address at which runners reach the hub of this machine; "" = no hub has worked in that folder.
func Public(dir string) string {
	address, _ := readLine(filepath.Join(dir, publicFile))
	return address
}

// readLine is the content of a file of one line.
func readLine(path string) (string, error) {
	data, err := os.ReadFile(path)
	return strings.TrimSpace(string(data)), err
}
