package livekit

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
)

// relayProtocol is how the TURN server of a local relay is reached; "" = not known.
func relayProtocol(pc *webrtc.PeerConnection, local *webrtc.ICECandidate) string {
	for _, s := range pc.GetStats() {
		c, ok := s.(webrtc.ICECandidateStats)
		if ok && c.Type == webrtc.StatsTypeLocalCandidate && c.CandidateType == webrtc.ICECandidateTypeRelay &&
			c.IP == local.Address && c.Port == int32(local.Port) {
			return c.RelayProtocol
		}
	}
	return ""
}

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
