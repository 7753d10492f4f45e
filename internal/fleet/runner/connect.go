package runner

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
)

// reconnectWait is how long a runner waits before it connects again. A random part of reconnectJitter is added: after a
// restart of the hub, thousands of runners connect.
const (
	reconnectWait   = 2 * time.Second
	reconnectJitter = 5 * time.Second
)

// connect is the runner's connection to the hub. It reconnects by itself, and need not be up when connect returns.
func (r *Runner) connect() (*nats.Conn, error) {
	hub, err := fleet.ReadAddress(r.file.Hub)
	if err != nil {
		return nil, err
	}
	options := []nats.Option{
		nats.Name(r.me.Name), nats.UserJWTAndSeed(r.file.JWT, r.file.Seed),
		nats.CustomInboxPrefix(fleet.InboxPrefix(r.me.Name)), nats.ProxyPath(fleet.NotifyPath),
		nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.IgnoreDiscoveredServers(),
		nats.IgnoreAuthErrorAbort(), nats.ReconnectBufSize(-1), // runs that cannot be sent stay in the outbox
		nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectJitter, reconnectJitter),
		nats.Timeout(20 * time.Second), nats.PingInterval(30 * time.Second), nats.MaxPingsOutstanding(2),
		nats.Secure(hub.TLS()), nats.SetCustomDialer(&call.Dialer{URL: hub.URL, Proxy: r.options.Proxy}),
		nats.SkipHostLookup(), // the proxy may resolve a name that this machine cannot
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			r.options.Log.Warn("the hub says", "error", plainly(err))
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				r.options.Log.Warn("the hub is away", "error", plainly(err))
			}
		}),
		nats.ConnectHandler(func(*nats.Conn) { r.reached() }),
		nats.ReconnectHandler(func(*nats.Conn) { r.reached() }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { r.unreached(plainly(err)) }),
	}
	if hub.URL[:5] != "https" {
		options = append(options, func(o *nats.Options) error { o.Secure, o.TLSConfig = false, nil; return nil })
	}
	return nats.Connect(hub.WebSocket(), options...)
}

// plainly says what a refusal of NATS means to whoever looks after this place; other errors stay as they are.
func plainly(err error) error {
	if !errors.Is(err, nats.ErrAuthorization) && !errors.Is(err, nats.ErrAuthRevoked) {
		return err
	}
	return fmt.Errorf("%w: this place was revoked at the hub, its name was given to another runner, or the hub has "+
		"lost its folder; what it measured waits here, and a token that may replace a place lets it join again", err)
}
