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

// Files in the hub's folder: what this machine and what runners call the hub.
const (
	addressFile = "address"
	publicFile  = "public"
)

// Addresses are what this machine calls a hub, and what runners do.
type Addresses struct{ Here, There fleet.Address }

// AddressesOf are those of a hub that listens at l. public is what its operator calls it; "" = as it listens. Runners
// ask an authority for a certificate that the hub did not make itself.
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

// Keep writes the addresses into the hub's folder, for whoever asks the hub of this machine.
func (a Addresses) Keep(dir string) error {
	if err := outbox.WriteFile(filepath.Join(dir, addressFile), []byte(a.Here.String()+"\n")); err != nil {
		return err
	}
	return outbox.WriteFile(filepath.Join(dir, publicFile), []byte(a.There.String()+"\n"))
}

// ErrElsewhere says that an address is not that of the hub whose folder is here: what that hub wants to be shown is
// nothing for others.
var ErrElsewhere = errors.New("this is not the address of the hub of this machine, and its admin token is shown to " +
	"nobody else")

// Near is what a hub's folder says of a hub on this machine: its address, and what whoever looks after it has to show.
// What is given is taken as it is. The error is os.ErrNotExist where no hub has worked in that folder.
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

// same reports whether two addresses are of one hub: its pin says so, or the URL.
func same(one, other string) bool {
	a, err := fleet.ReadAddress(one)
	b, failed := fleet.ReadAddress(other)
	return err == nil && failed == nil && a.Pin == b.Pin && (a.Pin != "" || a.URL == b.URL)
}

// Public is what runners call the hub of this machine; "" = no hub has worked in that folder.
func Public(dir string) string {
	address, _ := readLine(filepath.Join(dir, publicFile))
	return address
}

// readLine is what a file of one line holds.
func readLine(path string) (string, error) {
	data, err := os.ReadFile(path)
	return strings.TrimSpace(string(data)), err
}
