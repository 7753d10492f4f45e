package live

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// folder is where those who watch say, each in a file of its own, where they listen.
const folder = "live"

// Here is the way to those who watch on this machine, with the same folder for data: by datagrams on loopback, which
// the system drops when nobody takes them. It is for one goroutine.
type Here struct {
	dir     string
	looked  time.Time
	targets map[string]target // by file
}

type target struct {
	conn   net.Conn
	secret string
}

// lookEvery is how often it is looked for somebody who watches.
const lookEvery = 200 * time.Millisecond

// NewHere is the way to whoever watches with the folder dir.
func NewHere(dir string) *Here {
	return &Here{dir: filepath.Join(dir, folder), targets: map[string]target{}}
}

// Wanted implements Wire.
func (h *Here) Wanted() bool {
	if now := time.Now(); now.Sub(h.looked) >= lookEvery {
		h.looked = now
		h.look()
	}
	return len(h.targets) > 0
}

func (h *Here) look() {
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		entries = nil
	}
	there := map[string]bool{}
	for _, e := range entries {
		name := e.Name()
		there[name] = true
		if _, known := h.targets[name]; known || strings.HasSuffix(name, "~") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(h.dir, name))
		address, secret, two := strings.Cut(strings.TrimSpace(string(text)), " ")
		if err != nil || !two {
			continue
		}
		if ip := net.ParseIP(hostOf(address)); ip == nil || !ip.IsLoopback() {
			continue
		}
		if conn, err := net.Dial("udp", address); err == nil {
			h.targets[name] = target{conn, secret}
		}
	}
	for name := range h.targets {
		if !there[name] {
			h.drop(name)
		}
	}
}

func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

func (h *Here) drop(name string) {
	h.targets[name].conn.Close()
	delete(h.targets, name)
}

// Send implements Wire. Where nobody listens any more, the file of who was killed is removed.
func (h *Here) Send(message []byte) {
	for name, t := range h.targets {
		if _, err := t.conn.Write(append([]byte(t.secret), message...)); errors.Is(err, syscall.ECONNREFUSED) {
			h.drop(name)
			os.Remove(filepath.Join(h.dir, name))
		}
	}
}

// Close implements Wire.
func (h *Here) Close() {
	for name := range h.targets {
		h.drop(name)
	}
}

// buffer is what the system holds of what was not read yet.
const buffer = 1 << 20

// Listen calls on with what the runs of this machine tell, until ctx ends.
func Listen(ctx context.Context, dir string, on func(Pings)) error {
	dir = filepath.Join(dir, folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetReadBuffer(buffer)
	secret := rand.Text()
	file := filepath.Join(dir, rand.Text())
	defer os.Remove(file + "~") // if it cannot be written or renamed
	if err := os.WriteFile(file+"~", []byte(conn.LocalAddr().String()+" "+secret+"\n"), 0o600); err != nil {
		return err
	}
	defer os.Remove(file)
	if err := os.Rename(file+"~", file); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	read := make([]byte, 1<<16)
	for {
		n, err := conn.Read(read)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			continue
		}
		message, ours := strings.CutPrefix(string(read[:n]), secret)
		if p, ok := Read([]byte(message)); ours && ok {
			on(p)
		}
	}
}
