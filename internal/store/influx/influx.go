// Package influx keeps runs in InfluxDB 1.8, 2 and 3, including Amazon Timestream for InfluxDB. It also works with
// older servers of version 1, and writes to any other server that accepts line protocol. It writes the points of the
// original tool, and points from which a run can be read back. It writes to /api/v2/write, or to /write if that path
// does not exist. It reads with InfluxQL over /query, which all three major versions support.
package influx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/advice"
)

// Options name the server and the database.
type Options struct {
	URL      string        // of the server, such as http://localhost:8086
	Token    string        // token, or USER:PASSWORD; "" = the server asks for neither
	Org      string        // needed by version 2 only; "" = DefaultOrg, and no part of Name
	Database string        // database, or bucket
	Timeout  time.Duration // of one request; 0 = DefaultTimeout. The end of a context ends Save and Runs, too

	Words bench.Words

	transport http.RoundTripper // nil = that of net/http
}

// DefaultTimeout is the timeout of a request if Options has none.
const DefaultTimeout = 30 * time.Second

// DefaultOrg is the organisation if Options names none. The original tool has the same default.
const DefaultOrg = "default"

// Store is one database of a server.
type Store struct {
	name     string
	words    bench.Words
	base     *url.URL
	token    string
	org      string
	database string
	client   *http.Client
	old      atomic.Bool // the server does not have /api/v2/write
	closed   atomic.Bool
}

var (
	_ bench.Store = (*Store)(nil)
	_ bench.Maker = (*Store)(nil)
)

// New makes a Store without a request. Whether server, database and token are right shows at the first use.
func New(o Options) (*Store, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("influxdb: its URL has to be one as http://localhost:8086")
	}
	if u.User != nil {
		return nil, fmt.Errorf("influxdb at %s: a user and a password in its URL are not read: they go into the "+
			"token, as USER:PASSWORD", u.Host)
	}
	if o.Database == "" {
		return nil, fmt.Errorf("influxdb at %s: no database is named", u.Host)
	}
	transport := o.transport
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	return &Store{
		name: o.Name(), words: o.Words,
		base:  &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(u.Path, "/")},
		token: strings.TrimRight(o.Token, "\r\n"), org: cmp.Or(o.Org, DefaultOrg), database: o.Database,
		// No redirects: a redirect could send the token to another host, and turns a POST into a GET.
		client: &http.Client{Transport: advice.Guarded(transport), Timeout: cmp.Or(o.Timeout, DefaultTimeout),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// String implements bench.Store.
func (s *Store) String() string { return s.name }

// Close closes idle connections. A closed store cannot be used again.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.client.CloseIdleConnections()
	return nil
}

// usable is an error if the store is closed or ctx has ended.
func (s *Store) usable(ctx context.Context) error { return bench.Usable(ctx, s, s.closed.Load()) }

// Init makes the database if it is missing and InfluxQL can make one, as in version 1. A server that accepts the
// command but has no databases, such as VictoriaMetrics, needs none.
func (s *Store) Init(ctx context.Context, _ bench.Retention) (made []string, err error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	if there, err := s.exists(ctx); there || err != nil {
		return nil, err
	}
	for _, err := range s.query(ctx, http.MethodPost, "CREATE DATABASE "+identifier(s.database)) {
		if err != nil {
			return nil, fmt.Errorf("%s: make the database: %w (in version 2 make a bucket of this name, which it "+
				"then maps; version 3 makes it at the first write)", s, err)
		}
	}
	if there, err := s.exists(ctx); !there || err != nil {
		return nil, err
	}
	return []string{"database " + s.database}, nil
}

func (s *Store) exists(ctx context.Context) (there bool, err error) {
	for r, err := range s.query(ctx, http.MethodGet, showDatabases) {
		if err != nil {
			return false, fmt.Errorf("%s: look for the database: %w", s, err)
		}
		there = there || r.text("name") == s.database
	}
	return there, nil
}
