package flags

import (
	"net"

	"rtcbench/internal/settings"
)

// HealthGroup is the flag that says where a service reports its health, if it listens nowhere else.
type HealthGroup struct {
	Listen string `from:"RTCBENCH_LISTEN" group:"service" placeholder:"ADDRESS" help:"Answer /healthz and /metrics (Prometheus) there, as 127.0.0.1:9464 (default: listen nowhere)."`
}

// Listener listens at the address of the flag; nil = the flag is not set. The caller closes it.
func (g HealthGroup) Listener(c *settings.Check) (net.Listener, error) {
	if g.Listen == "" {
		return nil, nil
	}
	return Listen(c, "listen", c.Address("listen", g.Listen))
}
