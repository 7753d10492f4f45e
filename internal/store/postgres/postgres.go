// Package postgres keeps runs in PostgreSQL, where several hubs may write into one database: a table of runs and one of
// their samples, each with a partition a day, and sums for hours and days. Where the database has TimescaleDB the two
// are hypertables.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"rtcbench/bench"
	"rtcbench/internal/redact"
	"rtcbench/internal/result"
)

// Store is a database.
type Store struct {
	name  string
	pool  *pgxpool.Pool
	hide  redact.Secrets
	words bench.Words

	mu     sync.Mutex
	layout *layout // nil = not looked at yet
	series map[bench.Series]int64
	days   map[time.Time]bool // that have their partitions
	swept  time.Time          // when what is too old was last looked for
	whole  bool               // each count has its column
	marked marked
}

// mostConnections is how many a store has open at one time: several runs are saved beside one another.
const mostConnections = 8

// New opens the database. It makes nothing there: what is missing is made by Init, and by the first run that is saved.
func New(ctx context.Context, o Options) (*Store, error) {
	c, err := o.config()
	if err != nil {
		return nil, fmt.Errorf("the URL of the database is to be %w", err)
	}
	c.MaxConns = min(c.MaxConns, mostConnections)
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

// Close may be called again.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// Save keeps r, and adds it to the sums of its hour and day in the same transaction.
func (s *Store) Save(ctx context.Context, r bench.Record) error {
	_, err := s.SaveAll(ctx, []bench.Record{r})
	return err
}

// SaveAll keeps list in one transaction: all or none.
func (s *Store) SaveAll(ctx context.Context, list []bench.Record) (fresh int, err error) {
	packed, err := result.PackAll(list)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s, err)
	}
	return s.SavePacked(ctx, packed)
}

// Codes of errors (PostgreSQL, appendix A).
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
	classInternal  = "XX"
)

// code is that of an error of the server; "" = it is none.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// longest is how much of an error of the server is told.
const longest = 400

// explain says what is wrong and what to do, without the password. It says which errors come again with this run.
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
	case is != "" && is[:2] == classInternal:
		said = fmt.Errorf("%w: %w", bench.ErrFailed, said)
	}
	return fmt.Errorf("%s: %w", s.name, said)
}

// bare is an error without the names that the driver puts before it, and without its other tries to connect.
func bare(err error) error {
	var connecting *pgconn.ConnectError
	if !errors.As(err, &connecting) {
		return err
	}
	var said *pgconn.PgError
	var dialling *net.OpError
	switch {
	case errors.As(err, &said):
		return said
	case errors.As(err, &dialling):
		return dialling
	}
	return connecting.Unwrap()
}

func itoa(n uint16) string { return strconv.Itoa(int(n)) }
