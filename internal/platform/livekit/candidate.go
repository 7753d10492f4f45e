package livekit

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
)

func candidate(c *webrtc.ICECandidate) bench.Candidate {
	family := "" // a host name, as mDNS makes them, says nothing
	if ip, err := netip.ParseAddr(c.Address); err == nil {
		family = "ipv6"
		if ip.Unmap().Is4() {
			family = "ipv4"
		}
	}
	return bench.Candidate{
		Type: c.Typ.String(), Protocol: c.Protocol.String(), Family: family,
		Address: net.JoinHostPort(c.Address, strconv.Itoa(int(c.Port))),
	}
}
