//go:build darwin && !cgo

package sandbox

import "fmt"

// Server is never running in this build: on macOS, LiveKit's server reads the load of the
// machine by cgo.
type Server struct{ URL, Key, Secret string }

// Start fails.
func Start(Options) (*Server, error) {
	return nil, fmt.Errorf("%w: it was built without cgo on macOS (build with CGO_ENABLED=1, or use --server-url)",
		ErrUnavailable)
}

// Shared fails.
func Shared() (*Server, error) { return Start(Options{}) }

// Close does nothing.
func (*Server) Close() error { return nil }
