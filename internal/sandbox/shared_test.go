//go:build !darwin || cgo

package sandbox

import (
	"sync"
	"testing"
)

// One process has one server, however many jobs ask for it and at whatever time. A second one would write the logger
// that the first one reads, which -race reports.
func TestOneServerAProcess(t *testing.T) {
	var servers [8]*Server
	var all sync.WaitGroup
	for i := range servers {
		all.Go(func() {
			var err error
			if servers[i], err = Shared(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, s := range servers {
		if s == nil || s != servers[0] || s.URL == "" {
			t.Fatalf("not the same server for all: %v", servers)
		}
	}
	if s, err := Start(Options{}); err == nil {
		t.Errorf("a second server started at %s", s.URL)
	}
	servers[0].Close()
	if _, err := Shared(); err == nil {
		t.Error("a server that has ended was given away")
	}
}
