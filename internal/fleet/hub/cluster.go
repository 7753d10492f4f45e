package hub

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
)

// cluster is a NATS cluster outside of this process. Its servers have to trust this hub's operator: Config prints their
// configuration.
type cluster struct {
	at     []*url.URL
	keys   *keys
	system *nats.Conn // connection of the system account, by which the hub updates its account on the servers
	log    *slog.Logger

	mu      sync.Mutex
	revoked map[string]time.Time
}

// ServersRule is what the URLs of NATS servers look like.
const ServersRule = "nats://HOST:PORT or tls://HOST:PORT, several with commas between them"

// Servers reads the URLs of NATS servers.
func Servers(text string) (list []*url.URL, err error) {
	for one := range strings.SplitSeq(text, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Hostname() == "" || u.Scheme != "nats" && u.Scheme != "tls" || u.User != nil ||
			u.RawQuery+u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
			return nil, fmt.Errorf("a NATS server is %s", ServersRule)
		}
		if u.Port() == "" {
			u.Host = net.JoinHostPort(u.Hostname(), "4222")
		}
		list = append(list, u)
	}
	return list, nil
}

// joinCluster connects to the servers and gives them the hub's account.
func joinCluster(urls string, k *keys, revoked map[string]time.Time, log *slog.Logger) (*cluster, error) {
	at, err := Servers(urls)
	if err != nil {
		return nil, err
	}
	c := &cluster{at: at, keys: k, log: log, revoked: revoked}
	c.system, err = ownConn(k, k.system, c.urls(), log, nats.RetryOnFailedConnect(false),
		nats.ReconnectHandler(func(*nats.Conn) { c.again() }))
	if err == nil {
		err = c.revoke(revoked)
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("work with NATS at %s: %w", c.urls(), c.meant(err))
	}
	return c, nil
}

// meant adds to an error of the servers what the operator can do.
func (c *cluster) meant(err error) error {
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired):
		return fmt.Errorf("%w: these servers do not trust this hub; give them what rtcbench hub --nats-config prints",
			err)
	case errors.Is(err, nats.ErrTimeout), errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%w: nobody there keeps accounts; give these servers what rtcbench hub --nats-config prints",
			err)
	}
	return err
}

func (c *cluster) urls() string {
	var list []string
	for _, u := range c.at {
		list = append(list, u.String())
	}
	return strings.Join(list, ",")
}

func (c *cluster) connect(log *slog.Logger) (*nats.Conn, error) {
	nc, err := ownConn(c.keys, c.keys.account, c.urls(), log, nats.RetryOnFailedConnect(false))
	if err != nil {
		return nil, fmt.Errorf("work with NATS at %s: %w", c.urls(), c.meant(err))
	}
	return nc, nil
}

// pushTimeout is how long the servers may take to confirm a request about accounts.
const pushTimeout = 5 * time.Second

// revoke adds keys to the revoked keys of the account, and sends the account to all servers. A key that the servers
// know as revoked stays revoked: another hub may have revoked it, and this hub may not have heard of that yet.
func (c *cluster) revoke(keys map[string]time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys = maps.Clone(keys)
	before, err := c.account()
	if err != nil {
		return err
	}
	for key, at := range before {
		if _, ok := keys[key]; !ok {
			keys[key] = time.Unix(at, 0)
		}
	}
	c.revoked = keys
	token, err := c.keys.accountClaims(keys).Encode(c.keys.operator)
	if err != nil {
		return err
	}
	return c.ask("$SYS.REQ.CLAIMS.UPDATE", []byte(token), new(any))
}

// account gives the revoked keys of the account, as the servers know them.
func (c *cluster) account() (jwt.RevocationList, error) {
	var list []string
	if err := c.ask("$SYS.REQ.CLAIMS.LIST", nil, &list); err != nil || !slices.Contains(list, c.keys.accountID) {
		return nil, err
	}
	m, err := c.system.Request("$SYS.REQ.ACCOUNT."+c.keys.accountID+".CLAIMS.LOOKUP", nil, pushTimeout)
	if err != nil {
		return nil, err
	}
	claims, err := jwt.DecodeAccountClaims(string(m.Data))
	if err != nil {
		return nil, fmt.Errorf("read the account that the servers have: %w", err)
	}
	return claims.Revocations, nil
}

// ask sends a request to the system account of the servers.
func (c *cluster) ask(subject string, data []byte, into any) error {
	m, err := c.system.Request(subject, data, pushTimeout)
	if err != nil {
		return err
	}
	said := struct {
		Data  any `json:"data"`
		Error *struct {
			Description string `json:"description"`
		} `json:"error"`
	}{Data: into}
	if err := json.Unmarshal(m.Data, &said); err != nil {
		return fmt.Errorf("the answer of the servers is none: %w", err)
	}
	if said.Error != nil {
		return fmt.Errorf("the servers refuse the account: %s", said.Error.Description)
	}
	return nil
}

// again sends the account to the servers when they come back: they may have lost their disk.
func (c *cluster) again() {
	c.mu.Lock()
	revoked := c.revoked
	c.mu.Unlock()
	go func() {
		if err := c.revoke(revoked); err != nil && !c.system.IsClosed() {
			c.log.Error("tell the NATS servers who is revoked", "error", err)
		}
	}()
}

// line connects to a server. It tries the servers in the order of their configuration.
func (c *cluster) line(ctx context.Context) (conn net.Conn, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for _, u := range c.at {
		if conn, err = dialNATS(ctx, u); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// dialNATS connects to a server, with TLS if the server or the URL asks for it. A NATS server always sends its first
// line in plain text; the line says whether TLS has to follow.
func dialNATS(ctx context.Context, u *url.URL) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	in := bufio.NewReaderSize(conn, 1<<16)
	line, err := in.ReadSlice('\n')
	var info struct {
		Required bool `json:"tls_required"`
	}
	if err == nil {
		text, ok := strings.CutPrefix(string(line), "INFO ")
		if !ok || json.Unmarshal([]byte(text), &info) != nil {
			err = fmt.Errorf("%s is no NATS server", u.Host)
		}
	}
	first := &talking{Conn: conn, first: io.MultiReader(strings.NewReader(string(line)), in)}
	if err == nil && (info.Required || u.Scheme == "tls") {
		secure := tls.Client(conn, &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12})
		err = secure.HandshakeContext(ctx)
		first = &talking{Conn: secure, first: io.MultiReader(strings.NewReader(string(line)), secure)}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return first, nil
}

// talking is a connection from which some bytes have been read into a buffer already.
type talking struct {
	net.Conn
	first io.Reader
}

func (t *talking) Read(p []byte) (int, error) { return t.first.Read(p) }

// broken is false: the servers of a cluster, and their disks, are somebody else's.
func (c *cluster) broken() bool { return false }

func (c *cluster) breaks() {}

func (c *cluster) close() {
	if c.system != nil {
		c.system.Close()
	}
}

// Config is the configuration that NATS servers need to trust the hub in this folder, in the format of nats-server. It
// contains public JWTs and no key.
func Config(dir string) (string, error) {
	k, err := loadKeys(dir)
	if err != nil {
		return "", err
	}
	operator, err := k.operatorClaims().Encode(k.operator)
	if err != nil {
		return "", err
	}
	system, err := k.systemJWT()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`# What nats-server has to know of this rtcbench hub (docs/fleet.md). None of it is secret.
operator: %s
system_account: %s
resolver: {type: full, dir: "./jwt", interval: "2m"}
resolver_preload: {%s: %s}
max_payload: %dMB
jetstream: {store_dir: "./jetstream"}
`, operator, k.systemID, k.systemID, system, maxPayload>>20), nil
}
