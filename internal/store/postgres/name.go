package postgres

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgxpool"

	"rtcbench/bench"
)

// Kind is the beginning of the name of every store of this package, and of its URL.
const Kind = "postgres:"

// Options name the database.
type Options struct {
	URL   string // postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…, as psql takes it
	Words bench.Words
}

var (
	errURL = errors.New("postgres://USER:PASSWORD@HOST:PORT/DATABASE, with what is special in a name or a password " +
		"as %XX")
	errDatabase = errors.New("postgres://USER:PASSWORD@HOST:PORT/DATABASE, and that names no database")
)

// config is the driver's configuration for the URL. Errors contain no part of the URL: in a wrong URL the password may
// be anywhere.
func (o Options) config() (*pgxpool.Config, error) {
	if u, err := url.Parse(o.URL); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errURL
	}
	at, query, asks := strings.Cut(o.URL, "?")
	at = strings.TrimRight(at, "/") // the driver would take a slash at the end for a part of the name
	if asks {
		at += "?" + query
	}
	c, err := pgxpool.ParseConfig(at)
	if err != nil {
		return nil, errURL
	}
	if !utf8.ValidString(c.ConnConfig.Database + c.ConnConfig.Host) { // %FF decodes to invalid UTF-8
		return nil, errURL
	}
	if c.ConnConfig.Database == "" {
		return nil, errDatabase
	}
	if c.ConnConfig.ConnectTimeout == 0 {
		c.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	if c.ConnConfig.RuntimeParams["application_name"] == "" {
		c.ConnConfig.RuntimeParams["application_name"] = "rtcbench"
	}
	return c, nil
}

// Check says what is wrong with the options.
func (o Options) Check() error {
	_, err := o.config()
	return err
}

// Name is postgres:HOST:PORT/DATABASE. It identifies the store; user and password are no part of it.
func (o Options) Name() string {
	c, err := o.config()
	if err != nil {
		return Kind
	}
	return nameOf(c)
}

func nameOf(c *pgxpool.Config) string {
	host, port := c.ConnConfig.Host, c.ConnConfig.Port
	if strings.HasPrefix(host, "/") { // the folder of a socket
		host = filepath.Clean(host)
	} else {
		host = strings.TrimSuffix(strings.ToLower(host), ".")
		if ip, err := netip.ParseAddr(host); err == nil { // an IP address has several spellings
			host = ip.Unmap().String()
		}
	}
	return Kind + net.JoinHostPort(host, itoa(port)) + "/" + segment.Replace(c.ConnConfig.Database)
}

// segment escapes a name as one segment of a path: a slash in the name must not look like a separator.
var segment = strings.NewReplacer("%", "%25", "/", "%2F")

// Like says whether another name may mean the store of o: a host has several spellings.
func (o Options) Like(name string) bench.Likeness {
	other, ok := strings.CutPrefix(name, Kind)
	own, good := strings.CutPrefix(o.Name(), Kind)
	if ok && good && plain(own) == plain(other) {
		return bench.Same
	}
	return bench.Another
}

// plain is the rest of a name with one spelling of the names of this machine, and of the folder of a socket.
func plain(name string) string {
	if m := socket.FindStringSubmatch(name); m != nil {
		folder, err := filepath.EvalSymlinks(m[1])
		if err != nil {
			folder = filepath.Clean(m[1])
		}
		return folder + m[2]
	}
	return loopback.Replace(name)
}

// socket parts the rest of a name into the folder of a socket, and port and database.
var socket = regexp.MustCompile(`^(/.*)(:[0-9]+/[^/]*)$`)

// loopback replaces the names of this machine by one address.
var loopback = strings.NewReplacer("localhost:", "127.0.0.1:", "[::1]:", "127.0.0.1:")
