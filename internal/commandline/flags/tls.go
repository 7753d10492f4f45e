package flags

import (
	"crypto/tls"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/settings"
)

// TLSGroup are the flags that say how a hub's listener is secured.
type TLSGroup struct {
	TLSCert string `name:"tls-cert" from:"RTCBENCH_TLS_CERT" dotenv:"no" group:"service" placeholder:"FILE" help:"Certificate (PEM) of the listener; with --tls-key." completion-predictor:"file"`
	TLSKey  string `name:"tls-key" from:"RTCBENCH_TLS_KEY" dotenv:"no" group:"service" placeholder:"FILE" help:"Its key." completion-predictor:"file"`
	TLSSelf bool   `name:"tls-self" from:"RTCBENCH_TLS_SELF" group:"service" help:"Make a certificate; the hub's URL then ends with its pin, behind #."`
}

// TLS is the TLS configuration of the listener at address, for a hub whose folder is dir; nil = no TLS, and only this
// machine can reach the listener.
func (f TLSGroup) TLS(c *settings.Check, dir, address string) (secure *tls.Config, pin string, err error) {
	var certificate tls.Certificate
	switch {
	case c.Err != nil:
		return nil, "", c.Err
	case f.TLSSelf && f.TLSCert+f.TLSKey != "":
		return nil, "", settings.Usagef("--tls-self makes a certificate; leave it out, or %s and %s",
			c.Name("tls-cert"), c.Name("tls-key"))
	case (f.TLSCert == "") != (f.TLSKey == ""):
		return nil, "", settings.Usagef("--tls-cert and --tls-key go together: a certificate and its key")
	case f.TLSSelf:
		certificate, pin, err = hub.SelfSigned(dir)
	case f.TLSCert != "":
		if certificate, err = tls.LoadX509KeyPair(f.TLSCert, f.TLSKey); err != nil {
			return nil, "", settings.Usagef("%s %s: %w", c.Name("tls-cert"), settings.ShownName(f.TLSCert), err)
		}
		pin = fleet.PinOf(certificate.Leaf)
	case !OnlyHere(address):
		return nil, "", settings.Usagef("%s: %s can be reached from elsewhere: give --tls-self, or --tls-cert and "+
			"--tls-key", c.Name("listen"), settings.ShownAddress(address))
	default:
		return nil, "", nil
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, pin, err
}
