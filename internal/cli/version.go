package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"rtcbench/bench"
)

// release is the version of this source. commit comes from the build.
const release = "0.1.0"

// commit is set by the linker (make build); go build and go install leave it to the build info.
var commit string

type toolVersion bench.Tool

func version() toolVersion {
	v := toolVersion{Version: release, Commit: commit, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok && v.Commit == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	if v.Commit == "" {
		v.Commit = "unknown"
	}
	return v
}

func (v toolVersion) String() string {
	return fmt.Sprintf("rtcbench %s (commit %s, %s, %s/%s)", v.Version, v.Commit[:min(12, len(v.Commit))],
		strings.TrimPrefix(v.Go, "go"), v.OS, v.Arch)
}
