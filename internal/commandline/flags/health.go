package flags

import (
	"net"

	"rtcbench/internal/settings"
)

// HealthGroup is where a service that else listens nowhere says how it is.
type HealthGroup struct {
	Listen string `from:"RTCBENCH_LISTEN" group:"service" placeholder:"ADDRESS" help:"Answer /healthz and /metrics (Prometheus) there, as 127.0.0.1:9464 (default: listen nowhere)."`
}

// Listener listens there; nil = nowhere.
func (g HealthGroup) Listener(c *settings.Check) (net.Listener, error) {
	if g.Listen == "" {
		return nil, nil
	}
	return Listen(c, "listen", c.Address("listen", g.Listen))
}
