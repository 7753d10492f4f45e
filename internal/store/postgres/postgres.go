// Package postgres keeps runs in PostgreSQL. Several hubs may write to the same database. It has a table of runs and a
// table of their samples, each with a partition for each day, and sums for hours and days. If the database has
// TimescaleDB, these two tables are hypertables.
package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"rtcbench/bench"
	"rtcbench/internal/advice"
	"rtcbench/internal/redact"
	"rtcbench/internal/result"
)

// Store is a database with runs.
type Store struct {
	name  string
	pool  *pgxpool.Pool
	hide  redact.Secrets
	words bench.Words

	mu     sync.Mutex
	layout *layout // nil = not looked at yet
	series map[bench.Series]int64
	days   map[time.Time]bool // days whose partitions exist
	swept  time.Time          // time of the last sweep
	whole  bool               // all counts have their columns
	marked marked
}

// mostConnections is the most open connections of a store: several runs are saved at the same time.
const mostConnections = 8

// New connects to the database and makes nothing there. Init or the first saved run makes what is missing.
func New(ctx context.Context, o Options) (*Store, error) {
	c, err := o.config()
	if err != nil {
		return nil, fmt.Errorf("the URL of the database is to be %w", err)
	}
	c.MaxConns = min(c.MaxConns, mostConnections)
	lookUp := c.ConnConfig.LookupFunc
	c.ConnConfig.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		return lookUp(ctx, advice.ASCIIHost(host))
	}
	if secure := c.ConnConfig.TLSConfig; secure != nil {
		secure.ServerName = advice.ASCIIHost(secure.ServerName)
	}
	s := &Store{name: nameOf(c), hide: redact.New(c.ConnConfig.Password), words: o.Words,
		series: map[bench.Series]int64{}, days: map[time.Time]bool{}}
	if s.pool, err = pgxpool.NewWithConfig(ctx, c); err != nil {
		return nil, s.explain(err)
	}
	if err := s.pool.Ping(ctx); err != nil {
		s.pool.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

// String implements bench.Store.
func (s *Store) String() string { return s.name }

// Close closes the connections. It may be called again.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// Save keeps r, and adds it to the sums of its hour and its day in the same transaction.
func (s *Store) Save(ctx context.Context, r bench.Record) error {
	_, err := s.SaveAll(ctx, []bench.Record{r})
	return err
}

// SaveAll keeps all runs in list in one transaction, or none of them. fresh is how many were not kept before.
func (s *Store) SaveAll(ctx context.Context, list []bench.Record) (fresh int, err error) {
	packed, err := bench.LeaveOne(ctx, func() ([]bench.Packed, error) { return result.PackAll(list) })
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s, err)
	}
	return s.SavePacked(ctx, packed)
}

// Error codes (PostgreSQL, appendix A).
const (
	noDatabase     = "3D000"
	noSchema       = "3F000"
	noTable        = "42P01"
	noColumn       = "42703"
	noRight        = "42501"
	wrongPassword  = "28P01"
	notAuthorised  = "28000"
	serialisation  = "40001"
	deadlock       = "40P01"
	noPartition    = "23514" // check_violation: no partition of relation found for row
	readOnly       = "25006"
	lockNotInTime  = "55P03"
	classData      = "22"
	classIntegrity = "23"
	classLimit     = "54"
	cancelled      = "57014" // query_canceled: statement_timeout
)

// failing are the classes of errors that are about what was sent and not about the server's state: a disk or an
// internal error at one row, a feature that is missing, and what triggers, functions and views raise.
var failing = []string{"XX", "58", "0A", "38", "39", "44", "P0"}

// code is the code of an error of the server; "" = err is not one.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// longest is how many characters of an error of the server are shown.
const longest = 400

// explain says what is wrong and what the user can do, without the password. It marks the errors that this run would
// meet again.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	said := s.hide.Error(bare(err), longest)
	is := code(err)
	switch {
	case errors.Is(err, bench.ErrRejected), is == "" && errors.Is(err, pgx.ErrTxClosed):
	case is == wrongPassword, is == notAuthorised:
		said = fmt.Errorf("the server lets nobody in with this user and password (of the URL, PGPASSWORD or "+
			"~/.pgpass): %w", said)
	case is == noDatabase:
		said = fmt.Errorf("there is no such database: make it (createdb): %w", said)
	case is == noRight:
		said = fmt.Errorf("%w: this user may not do that: %w (the user who made the schema %s, or GRANT)",
			bench.ErrRejected, said, schema)
	case is == readOnly:
		said = fmt.Errorf("nothing can be written there now: is it a standby server? %w", said)
	case is != "" && (is[:2] == classData || is[:2] == classIntegrity || is[:2] == classLimit):
		said = fmt.Errorf("%w: %w", bench.ErrRejected, said)
	case is == cancelled, is != "" && slices.Contains(failing, is[:2]):
		said = fmt.Errorf("%w: %w", bench.ErrFailed, said)
	case is == "":
		said = fmt.Errorf("%w%s", said, wayOut(err))
	}
	return fmt.Errorf("%s: %w", s.name, said)
}

// bare is an error without the names that the driver adds, and without its attempts to connect to other addresses.
func bare(err error) error {
	var connecting *pgconn.ConnectError
	if !errors.As(err, &connecting) {
		return err
	}
	var said *pgconn.PgError
	var dialling *net.OpError
	var unknown *net.DNSError
	switch {
	case errors.As(err, &said):
		return said
	case errors.As(err, &dialling):
		return dialling
	case errors.As(err, &unknown):
		return unknown
	}
	if several, ok := connecting.Unwrap().(interface{ Unwrap() []error }); ok {
		return several.Unwrap()[0]
	}
	return connecting.Unwrap()
}

// wayOut is advice about a connection that did not come about; "" = there is none.
func wayOut(err error) string {
	var connecting *pgconn.ConnectError
	var dialling *net.OpError
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	var ofNet net.Error
	switch {
	case !errors.As(err, &connecting), errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &dialling), errors.As(err, &unknown), errors.As(err, &certificate):
		return advice.Of(err)
	case errors.As(err, &ofNet) && ofNet.Timeout():
		return ""
	}
	return " (is a PostgreSQL server there, and does sslmode fit its TLS?)" // the driver has no types for these
}

func itoa(n uint16) string { return strconv.Itoa(int(n)) }
