package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// collectAt is by how much of what is in use, in percent, the memory of a hub grows before it is cleared. Go's own is
// 100. NATS answers a runner with 24 kB on the stack of that connection. Each time that memory is cleared, half of what
// is not in use there is given back.
const collectAt = 20

// collect clears memory as a hub needs it, until the function that it returns is called. Where GOGC is set, that holds.
func collect() (stop func()) {
	const usual = 100
	before := debug.SetGCPercent(collectAt)
	if before != usual {
		debug.SetGCPercent(before)
	}
	return func() { debug.SetGCPercent(before) }
}

// Serve answers on l until ctx ends. A nil secure is plain HTTP, for this machine alone.
func (h *Hub) Serve(ctx context.Context, l net.Listener, secure *tls.Config) error {
	s := &http.Server{
		Handler: h.Handler(), TLSConfig: secure, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog:     slog.NewLogLogger(h.options.Log.Handler(), slog.LevelDebug), // scanners fill it
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},    // HTTP/2 has no WebSocket upgrade
	}
	defer collect()() // thousands of connections are memory that stays
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	var err error
	if secure != nil {
		err = s.ServeTLS(l, "", "")
	} else {
		err = s.Serve(l)
	}
	h.lines.close()
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		return nil
	}
	return err
}
