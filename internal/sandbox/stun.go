//go:build !darwin || cgo

package sandbox

import (
	"net"
	"sync"

	"github.com/pion/stun/v3"
)

// stunServer answers binding requests (RFC 8489 §3) on one address. The Go SDK offers no
// loopback candidate of its own: on a machine whose only interface is lo it reaches the
// server by the address that this one tells it.
type stunServer struct {
	conn *net.UDPConn
	done sync.WaitGroup
}

func startSTUN(address string) (*stunServer, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(address)})
	if err != nil {
		return nil, err
	}
	s := &stunServer{conn: conn}
	s.done.Go(s.serve)
	return s, nil
}

// Addr is host:port.
func (s *stunServer) Addr() string { return s.conn.LocalAddr().String() }

func (s *stunServer) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		request := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
		if request.Decode() != nil || request.Type != stun.BindingRequest {
			continue
		}
		answer, err := stun.Build(request, stun.BindingSuccess, &stun.XORMappedAddress{IP: from.IP, Port: from.Port},
			stun.Fingerprint)
		if err == nil {
			s.conn.WriteToUDP(answer.Raw, from)
		}
	}
}

// Close ends it and waits until it has.
func (s *stunServer) Close() {
	s.conn.Close()
	s.done.Wait()
}
