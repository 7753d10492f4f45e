package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A profile's folder is rtcbench-chrome-PID-RANDOM, in a folder of this user's own: what a process left
// behind that was killed is found by its PID, and nobody else's is touched.

func profiles() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("rtcbench-%d", os.Getuid()))
}

func newProfile() (string, error) {
	if err := os.MkdirAll(profiles(), 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(profiles(), fmt.Sprintf("chrome-%d-", os.Getpid()))
}

// sweepProfiles removes the profiles of processes that are no more.
func sweepProfiles() {
	entries, err := os.ReadDir(profiles())
	if err != nil {
		return
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), "chrome-")
		pid, err := strconv.Atoi(strings.SplitN(rest, "-", 2)[0])
		if ours && err == nil && pid != os.Getpid() && !alive(pid) {
			os.RemoveAll(filepath.Join(profiles(), e.Name()))
		}
	}
}

// removeProfile removes a profile. Chromium's last processes may still write to it for a moment.
func removeProfile(dir string) error {
	if dir == "" {
		return nil
	}
	err := os.RemoveAll(dir)
	for deadline := time.Now().Add(3 * time.Second); err != nil && time.Now().Before(deadline); err = os.RemoveAll(dir) {
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// Profile is the browser's folder, which its processes have in their command lines.
func (b *Browser) Profile() string { return b.profile }
