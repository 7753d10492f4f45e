package advice

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync"

	"rtcbench/bench"
)

// Steps are the steps of a request over HTTP, as far as the request has come.
type Steps struct {
	mu  sync.Mutex
	now bench.Step
}

// Now is what the request waits for.
func (s *Steps) Now() bench.Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == "" { // nothing was needed yet, or a proxy's name is not traced
		return bench.StepTCP
	}
	return s.now
}

func (s *Steps) to(step bench.Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = step
}

// Traced is a context for requests whose steps are noted. secure means that TLS comes before the first request. asked
// and answered are the steps after a request was sent, and after the first byte of its answer has come.
func (s *Steps) Traced(ctx context.Context, secure bool, asked, answered bench.Step) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) {
			if c.Reused { // a connection that is used again has no other step
				s.to(asked)
			}
		},
		DNSStart:     func(httptrace.DNSStartInfo) { s.to(bench.StepDNS) },
		ConnectStart: func(string, string) { s.to(bench.StepTCP) },
		ConnectDone: func(_, _ string, err error) {
			switch {
			case err != nil:
			case secure:
				s.to(bench.StepTLS)
			default:
				s.to(asked)
			}
		},
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				s.to(asked)
			}
		},
		GotFirstResponseByte: func() { s.to(answered) },
	})
}
