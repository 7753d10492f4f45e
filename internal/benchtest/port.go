package benchtest

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// FreePort is a port of 127.0.0.1 that nobody uses just now, for TCP and UDP. It is below the range from which Linux
// takes the ports that nobody names, so no connection of another test takes it before it is used.
func FreePort() int {
	for range 1000 {
		port := 16_000 + rand.IntN(16_000)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp4", address)
		if err != nil {
			continue
		}
		l.Close()
		if c, err := net.ListenPacket("udp4", address); err == nil {
			c.Close()
			return port
		}
	}
	panic("no port of 127.0.0.1 is free")
}
