package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Serve answers on l until ctx ends, and closes l. A nil secure is plain HTTP, for this machine alone.
func (h *Hub) Serve(ctx context.Context, l net.Listener, secure *tls.Config) error {
	s := &http.Server{
		Handler: h.Handler(), TLSConfig: secure, MaxHeaderBytes: 16 << 10,
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog:     slog.NewLogLogger(h.options.Log.Handler(), slog.LevelDebug), // port scanners fill it
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},    // HTTP/2 has no WebSocket upgrade
	}
	defer collect()()
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
