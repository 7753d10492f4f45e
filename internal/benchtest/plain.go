package benchtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Plain gives the folder of an rtcbench that is built without the race detector: with it a start takes six times the
// CPU time. So tests of texts, exit codes and what is in a file start this one; those that measure, serve or wait start
// the other. In make test-long all start the other, and folder is empty.
func Plain() (folder string, err error) {
	if os.Getenv("RTCBENCH_LONG") != "" {
		return "", nil
	}
	path, err := Program(".", "rtcbench")
	return filepath.Dir(path), err
}

// Whole gives the path of an rtcbench for tests whose own binary has none in it: without the race detector, and in make
// test-long with it.
func Whole() (path string, err error) {
	if os.Getenv("RTCBENCH_LONG") != "" {
		return built(".", "raced", "build", "-race")
	}
	return Program(".", "rtcbench")
}

// Program builds the program in a folder of this module, without the race detector, and gives its path. All test
// binaries share it: the first one links it, and for the others go build only looks whether it is still the same.
func Program(folder, name string) (path string, err error) {
	return built(folder, name, "build")
}

// Tests is Program for the tests of a folder, as something that a test of it starts again. In make test-long it is the
// test binary that runs.
func Tests(folder, name string) (path string, err error) {
	if os.Getenv("RTCBENCH_LONG") != "" {
		return os.Args[0], nil
	}
	return built(folder, name, "test", "-c", "-vet=off")
}

func built(folder, name string, how ...string) (path string, err error) {
	dir := filepath.Join(root, ".bin", "plain", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	lock := flock.New(path + ".lock")
	if err := lock.Lock(); err != nil {
		return "", fmt.Errorf("wait for other tests that build %s: %w", name, err)
	}
	defer lock.Close()
	build := exec.Command("go", append(how, "-o", path, "./"+folder)...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return path, nil
}
