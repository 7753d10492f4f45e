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
	URL         string // ws://127.0.0.1:port
	Key, Secret string

	server *service.LivekitServer
	stun   *stunServer
	once   sync.Once
}

// settings keeps everything on the loopback interface: without tcp_port, ips and stun_servers
// the server would listen on every interface and hand out public STUN servers.
const settings = `
port: %d
bind_addresses: [127.0.0.1]
rtc:
  udp_port: %d
  tcp_port: 0
  node_ip: 127.0.0.1
  use_external_ip: false
  enable_loopback_candidate: true
  interfaces: {includes: [%s]}
  ips: {includes: [127.0.0.0/8]}
  stun_servers: ["%s"]
keys: {"%s": "%s"}
`

// Start starts a server and returns when it takes connections. The caller closes it.
func Start(o Options) (*Server, error) {
	logger.SetLogger(logger.GetDiscardLogger(), "livekit")
	var err error
	for range startAttempts {
		var s *Server
		if s, err = start(o.withKeys()); err == nil {
			return s, nil
		}
		if o.Port != 0 || o.UDPPort != 0 {
			break // the ports are the caller's choice
		}
	}
	return nil, fmt.Errorf("start the LiveKit sandbox: %w", err)
}

func start(o Options) (s *Server, err error) {
	stun, err := startSTUN()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			stun.Close()
		}
	}()
	lo, err := loopbackName()
	if err != nil {
		return nil, err
	}
	if o.Port == 0 {
		if o.Port, err = freePort("tcp"); err != nil {
			return nil, err
		}
	}
	if o.UDPPort == 0 {
		if o.UDPPort, err = freePort("udp"); err != nil {
			return nil, err
		}
	}
	conf, err := config.NewConfig(fmt.Sprintf(settings, o.Port, o.UDPPort, lo, stun.Addr(), o.Key, o.Secret), true, nil, nil)
	if err != nil {
		return nil, err
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
		URL: fmt.Sprintf("ws://127.0.0.1:%d", o.Port), Key: o.Key, Secret: o.Secret, server: server, stun: stun,
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

func freePort(network string) (int, error) {
	if network == "udp" {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return 0, err
		}
		defer c.Close()
		return c.LocalAddr().(*net.UDPAddr).Port, nil
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// loopbackName is lo on Linux, lo0 on macOS, and a sentence on Windows.
func loopbackName() (string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 && i.Flags&net.FlagUp != 0 {
			return `"` + i.Name + `"`, nil
		}
	}
	return "", errors.New("no loopback interface is up")
}
