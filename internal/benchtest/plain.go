package benchtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/gofrs/flock"
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

// Program builds the program in a folder of this module, without the race detector, and gives its path. All test
// binaries share it: the first one links it, and for the others go build only looks whether it is still the same.
func Program(folder string) (path string, err error) {
	if err := os.MkdirAll(shared, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(shared, filepath.Base(folder))
	lock := flock.New(path + ".lock")
	if err := lock.Lock(); err != nil {
		return "", fmt.Errorf("wait for other tests that build %s: %w", folder, err)
	}
	defer lock.Close()
	build := exec.Command("go", "build", "-o", path, "./"+folder)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", folder, err, out)
	}
	return path, nil
}
