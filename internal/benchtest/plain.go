package benchtest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
)

// Plain builds the test binary of the package in the working directory once more, without the race detector, as a
// program of that name in dir. Under the race detector a start alone takes six times the CPU time, so tests of texts,
// exit codes and what is in a file start this one; those that measure, serve or wait start the other. built is false
// where this test binary has no race detector either: then it is plain itself.
func Plain(dir, name string) (built bool, err error) {
	info, ok := debug.ReadBuildInfo()
	if !ok || !slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return false, nil
	}
	if out, err := exec.Command("go", "test", "-c", "-o", filepath.Join(dir, name), ".").CombinedOutput(); err != nil {
		return false, fmt.Errorf("build %s without the race detector: %w\n%s", name, err, out)
	}
	return true, nil
}
