//go:build !darwin || cgo

package sandbox

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/livekit-server/pkg/telemetry/prometheus"
	"github.com/livekit/protocol/logger"
)

// Server is a running LiveKit server. Its goroutines do not all end with Close: LiveKit
// leaves some of its own.
type Server struct {
	URL         string // ws://address:port
	Key, Secret string

	server *service.LivekitServer
	node   *routing.LocalNodeImpl
	stun   *stunServer
	once   sync.Once
}

// process is what there is once in a process. LiveKit's logger is a global that a running server reads, and a server
// that was closed leaves goroutines and memory behind: a second server would race with the first, and many would pile
// up.
var process struct {
	mu     sync.Mutex
	logs   sync.Once
	server *Server
}

// Shared is this process's server, on free ports of the loopback address. The first call starts the server, and later
// calls give the same one. Nobody closes it: it ends with the process.
func Shared() (*Server, error) {
	process.mu.Lock()
	defer process.mu.Unlock()
	s := process.server
	if s == nil {
		return startOnce(Options{})
	}
	if !s.server.IsRunning() {
		return nil, errors.New("the LiveKit sandbox has ended, and a process has only one; start rtcbench again")
	}
	// A process that slept, as in AWS Lambda, or a clock that was stepped makes the server believe that its own node is
	// gone: it refuses every room until its next look at itself, two seconds later.
	s.node.UpdateNodeStats()
	return s, nil
}

// settings keeps everything on one address: without tcp_port, ips and stun_servers the server would listen on every
// interface and hand out public STUN servers. A room that everybody has left would be kept for twenty seconds, with all
// its memory, while the next runs make theirs.
const settings = `
port: %d
bind_addresses: [%s]
rtc:
  udp_port: %d
  tcp_port: %d
  force_tcp: %v
  node_ip: %s
  use_external_ip: false
  enable_loopback_candidate: true
  interfaces: {includes: [%s]}
  ips: {includes: [%s/32]}
  stun_servers: ["%s"]
room: {departure_timeout: 2, auto_create: %v}
keys: {"%s": "%s"}
`

// Start starts the one server of this process and returns when it takes connections. The caller closes the server. A
// second call fails, also after Close: see Shared.
func Start(o Options) (*Server, error) {
	process.mu.Lock()
	defer process.mu.Unlock()
	return startOnce(o)
}

func startOnce(o Options) (*Server, error) {
	if process.server != nil {
		return nil, errors.New("start the LiveKit sandbox: this process has one already, or had one")
	}
	process.logs.Do(func() { logger.SetLogger(logger.GetDiscardLogger(), "sandbox") })
	var err error
	for range startAttempts {
		var s *Server
		if s, err = start(filled(o)); err == nil {
			process.server = s
			return s, nil
		}
		if o.Port != 0 || o.UDPPort != 0 {
			break // the ports are the caller's choice
		}
	}
	return nil, fmt.Errorf("start the LiveKit sandbox: %w", err)
}

func start(o Options) (s *Server, err error) {
	stun, err := startSTUN(o.Address)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			stun.Close()
		}
	}()
	name, err := interfaceOf(o.Address)
	if err != nil {
		return nil, err
	}
	if o.Port == 0 {
		if o.Port, err = freePort("tcp", o.Address); err != nil {
			return nil, err
		}
	}
	if o.UDPPort == 0 {
		if o.UDPPort, err = freePort("udp", o.Address); err != nil {
			return nil, err
		}
	}
	conf, err := config.NewConfig(fmt.Sprintf(settings, o.Port, o.Address, o.UDPPort, o.TCPPort, o.TCPPort != 0,
		o.Address, name, o.Address, stun.Addr(),
		!o.NoAutoCreate, o.Key, o.Secret), true, nil, nil)
	if err != nil {
		return nil, err
	}
	if len(o.Codecs) > 0 {
		conf.Room.EnabledCodecs = nil
	}
	for _, mime := range o.Codecs {
		conf.Room.EnabledCodecs = append(conf.Room.EnabledCodecs, config.CodecSpec{Mime: mime})
	}
	node, err := routing.NewLocalNode(conf)
	if err != nil {
		return nil, err
	}
	if err := prometheus.Init(string(node.NodeID()), node.NodeType()); err != nil {
		return nil, err
	}
	server, err := service.InitializeServer(conf, node)
	if err != nil {
		return nil, err
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Start() }()
	if err := waitUntilRunning(server, failed); err != nil {
		return nil, err
	}
	return &Server{
		URL: fmt.Sprintf("ws://%s:%d", o.Address, o.Port), Key: o.Key, Secret: o.Secret, server: server,
		node: node, stun: stun,
	}, nil
}

func waitUntilRunning(server *service.LivekitServer, failed <-chan error) error {
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	giveUp := time.NewTimer(startTimeout)
	defer giveUp.Stop()
	for !server.IsRunning() {
		select {
		case err := <-failed:
			if err == nil {
				err = errors.New("it stopped at once")
			}
			return err
		case <-giveUp.C:
			return fmt.Errorf("not running after %v", startTimeout)
		case <-look.C:
		}
	}
	return nil
}

// Close stops the server; who is in a room is put out. It may be called again.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.server.Stop(true)
		s.stun.Close()
	})
	return nil
}

func freePort(network, address string) (int, error) {
	if network == "udp" {
		c, err := net.ListenPacket("udp4", address+":0")
		if err != nil {
			return 0, err
		}
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).Port, nil
	}
	l, err := net.Listen("tcp4", address+":0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// interfaceOf names, quoted, the interface that is up and has the address: lo on Linux, lo0 on macOS, and a sentence on
// Windows.
func interfaceOf(address string) (string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil || i.Flags&net.FlagUp == 0 {
			continue
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.Equal(net.ParseIP(address)) {
				return `"` + i.Name + `"`, nil
			}
		}
	}
	return "", fmt.Errorf("no interface that is up has the address %s", address)
}
