package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// engine is the NATS that a hub works with: a server inside this process, or a cluster elsewhere.
type engine interface {
	// connect is the hub's own connection.
	connect(log *slog.Logger) (*nats.Conn, error)
	// line makes a connection for a runner. Nothing has been sent on it.
	line(ctx context.Context) (net.Conn, error)
	// revoke disconnects runners with one of these keys, now and later.
	revoke(keys map[string]time.Time) error
	// broken reports, once, that the server stopped writing the stream of runs. It never begins again by itself.
	broken() bool
	breaks() // broken reports it again
	close()
}

// inside is the NATS server of this process. Nothing listens: runners come through the hub's own listener.
type inside struct {
	server *server.Server
	keys   *keys
	out    map[string]time.Time // keys that revoke has disconnected
	failed *atomic.Bool         // what broken reports
}

func (e *inside) broken() bool { return e.failed.Swap(false) }
func (e *inside) breaks()      { e.failed.Store(true) }

func (e *inside) line(context.Context) (net.Conn, error) { return e.server.InProcessConn() }

// startTimeout is how long the server may take to start: JetStream reads its files first.
const startTimeout = 30 * time.Second

// maxPayload is the largest message in bytes. It holds a run of about 800,000 pings.
const maxPayload = 8 << 20

// startEngine starts the NATS server inside this process, or connects to a cluster.
func startEngine(o Options, k *keys, revoked map[string]time.Time) (engine, error) {
	if o.NATS != "" {
		c, err := joinCluster(o.NATS, k, revoked, o.Log)
		if err != nil {
			return nil, err // a nil *cluster in an engine would not be nil
		}
		return c, nil
	}
	s, err := startInside(o.Dir, k, revoked, o.Log)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func startInside(dir string, k *keys, revoked map[string]time.Time, log *slog.Logger) (*inside, error) {
	resolver := &server.MemAccResolver{}
	system, err := k.systemJWT()
	if err != nil {
		return nil, err
	}
	account, err := k.accountClaims(revoked).Encode(k.operator)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(resolver.Store(k.systemID, system), resolver.Store(k.accountID, account)); err != nil {
		return nil, err
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "rtcbench-hub", DontListen: true, NoSigs: true,
		TrustedOperators: []*jwt.OperatorClaims{k.operatorClaims()}, SystemAccount: k.systemID,
		AccountResolver: resolver,
		// Not SyncAlways: runners keep their runs until the store has them, so a stream may lose its last messages.
		// Waiting for the disk at each message took most of the time of keeping a run.
		// Not what is free on the disk at this moment: a hub starts on a small disk, and on one that is nearly full.
		JetStream: true, StoreDir: natsDir(dir), JetStreamMaxStore: 2 * streamBytes,
		MaxPayload: maxPayload, MaxPending: 4 * maxPayload, MaxConn: 1 << 17,
		WriteDeadline: 20 * time.Second, PingInterval: time.Minute, MaxPingsOut: 2,
		AuthTimeout:    15,   // seconds; for a runner far away on a busy machine
		NoSublistCache: true, // each runner's connection would have a cache of its own
	})
	if err != nil {
		return nil, err
	}
	failed := new(atomic.Bool)
	s.SetLoggerV2(serverLog{log, failed}, false, false, false)
	go s.Start()
	if !s.ReadyForConnections(startTimeout) {
		s.Shutdown()
		return nil, fmt.Errorf("the NATS server in this process did not start within %v", startTimeout)
	}
	return &inside{s, k, revoked, failed}, nil
}

func (e *inside) connect(log *slog.Logger) (*nats.Conn, error) {
	return ownConn(e.keys, e.keys.account, "", log, nats.InProcessServer(e.server))
}

// ownConn connects the hub itself, as a user of one of its accounts.
func ownConn(k *keys, account nkeys.KeyPair, url string, log *slog.Logger, more ...nats.Option) (*nats.Conn, error) {
	token, seed, err := k.userJWT(account)
	if err != nil {
		return nil, err
	}
	return nats.Connect(url, append([]nats.Option{nats.UserJWTAndSeed(token, string(seed)), nats.Name("hub"),
		nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if !errors.Is(err, nats.ErrSlowConsumer) { // nobody has time to show these pings: they are dropped
				log.Warn("nats", "error", err)
			}
		}),
	}, more...)...)
}

// natsDir is the folder of the server inside, in the hub's folder.
func natsDir(dir string) string { return filepath.Join(dir, "nats") }

// patience is how long the server may take to disconnect revoked runners by itself. It then tells them the reason.
const patience = 200 * time.Millisecond

// revoke has the server check every connection. That takes 1.5 s for 10,000 connections. After patience, newly revoked
// runners are disconnected by their key meanwhile.
func (e *inside) revoke(keys map[string]time.Time) error {
	claims := e.keys.accountClaims(keys)
	token, err := claims.Encode(e.keys.operator)
	if err != nil {
		return err
	}
	if err := e.server.AccountResolver().Store(e.keys.accountID, token); err != nil {
		return err
	}
	account, err := e.server.LookupAccount(e.keys.accountID)
	if err != nil {
		return err
	}
	checked, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-time.After(patience):
			for key := range keys {
				if _, before := e.out[key]; !before {
					e.disconnect(key)
				}
			}
		case <-checked:
		}
	}()
	e.server.UpdateAccountClaims(account, claims)
	close(checked)
	<-ended
	e.out = keys
	return nil
}

// disconnect ends the connections of a key.
func (e *inside) disconnect(key string) {
	found, err := e.server.Connz(&server.ConnzOptions{Account: e.keys.accountID, User: key, Limit: math.MaxInt32})
	if err != nil {
		return
	}
	for _, c := range found.Conns {
		e.server.DisconnectClientByID(c.Cid) // an error says that the connection has ended already
	}
}

func (e *inside) close() {
	e.server.Shutdown()
	e.server.WaitForShutdown()
}

// serverLog passes the warnings and errors of the NATS server to log.
type serverLog struct {
	log    *slog.Logger
	failed *atomic.Bool // is set at a failed write
}

// writeFailed is in what the server logs after a write to a stream failed. It does not write to that stream any more,
// also when its disk has room again.
const writeFailed = "failed to store a msg on stream"

func (l serverLog) Noticef(string, ...any)         {}
func (l serverLog) Warnf(format string, v ...any)  { l.log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l serverLog) Fatalf(format string, v ...any) { l.log.Error("nats: " + fmt.Sprintf(format, v...)) }

// Errorf also gets the refusals of those who were thrown out and try again each few seconds. They are no errors here.
func (l serverLog) Errorf(format string, v ...any) {
	text, level := fmt.Sprintf(format, v...), slog.LevelError
	if strings.Contains(text, writeFailed) {
		l.failed.Store(true)
	}
	if strings.HasSuffix(text, server.ErrAuthentication.Error()) {
		level = slog.LevelDebug
	}
	l.log.Log(context.Background(), level, "nats: "+text)
}

func (l serverLog) Debugf(format string, v ...any) {}
func (l serverLog) Tracef(format string, v ...any) {}
