package settings

import (
	"net"
	"strconv"
)

// Address is where to listen: a host, or none, and a port.
func (c *Check) Address(flag, value string) string {
	host, port, err := net.SplitHostPort(value)
	if _, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil {
		c.FailAs(flag, ShownAddress(value), "an address and a port, as 127.0.0.1:8001")
	}
	if host != "" {
		c.Host(flag, host)
	}
	return value
}

// Host is an IP address or a name.
func (c *Check) Host(flag, value string) {
	if net.ParseIP(value) == nil && !hostName().MatchString(value) {
		c.FailAs(flag, ShownAddress(value), "an IP address or the name of a host")
	}
}

// hostName is one, with a zone if it is an IPv6 address.
var hostName = compiled(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,62}\.?)+|[0-9a-fA-F:.]+%\w+)$`)

// OnThisMachine reports whether host is this machine.
func OnThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
