package browser_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
)

// TestTwentyKills kills this program in all stages of a start: what it leaves goes by itself, or with the
// next start.
func TestTwentyKills(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for round := range 20 {
		cmd, out := startAlone(t)
		switch round % 4 {
		case 0: // when it is up
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "up\n" {
				t.Fatal(line, err)
			}
		default: // after its first, second, third process
			for deadline := time.Now().Add(patience); len(processes(dir, "")) < round%4; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("no browser was started: this test looks at the wrong place")
				}
			}
		}
		cmd.Process.Kill()
		cmd.Wait()
	}
	if n := len(profilesIn(t, dir)); n > 1 {
		t.Errorf("%d profiles are left: a start removes those of dead processes", n)
	}
	b, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv, ResolverRules: closedNetwork})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	gone(t, dir)
}

// startAlone starts this program, which starts a browser, says "up" and waits.
func startAlone(t *testing.T) (*exec.Cmd, io.Reader) {
	t.Helper()
	benchtest.Heavy(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), startOnly+"=1")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// A browser that is closed, and one that is killed with its program once the next starts, leave nothing among the
// temporary files.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	full := kinds(t)["full"] // the shell makes no socket
	t.Setenv(startPath, full)
	cmd, out := startAlone(t)
	line, err := bufio.NewReader(out).ReadString('\n')
	cmd.Process.Kill()
	cmd.Wait()
	if line != "up\n" {
		t.Fatal(line, err)
	}
	if made, _ := filepath.Glob(filepath.Join(dir, "org.chromium.*")); len(made) != 1 {
		t.Fatalf("Chromium made %v: this test looks at the wrong place", made)
	}
	b, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv, Path: full})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	left = slices.DeleteFunc(left, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), "rtcbench-") })
	if err != nil || len(left) > 0 || len(profilesIn(t, dir)) > 0 {
		t.Errorf("left: %v, %v, %v", left, profilesIn(t, dir), err)
	}
}

func profilesIn(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "rtcbench-*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(list, func(s string) bool { return strings.HasSuffix(s, ".lock") })
}

func TestTheLivingAreLeftAlone(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	options := browser.Options{Environment: os.LookupEnv, ResolverRules: closedNetwork}
	first, err := browser.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := browser.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(first.Profile()); err != nil || len(processes(first.Profile(), "")) == 0 {
		t.Error("the browser of a living process was ended, or its profile removed")
	}
}

// A browser that hangs does not end with its pipe; the next start ends it.
func TestALeftoverThatHangs(t *testing.T) {
	benchtest.Heavy(t)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	stale := filepath.Join(dir, "rtcbench-"+strconv.Itoa(os.Getuid()), "chrome-x")
	if err := os.MkdirAll(stale, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	hung := exec.Command("sleep", "1000")
	hung.Args[0] = "--user-data-dir=" + stale
	if err := hung.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- hung.Wait() }()
	// A process that has just been started has no command line yet: the kernel writes it after Start has returned.
	for deadline := time.Now().Add(patience); len(processes(stale, "")) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the leftover has no command line")
		}
	}
	b, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv, ResolverRules: closedNetwork})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		hung.Process.Kill()
		t.Error("the leftover lives")
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("its profile is still there")
	}
}

// Somebody else may have put the folder there, or a link, where everybody may write.
func TestAFolderOfSomebodyElse(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", dir)
	ours := filepath.Join(dir, "rtcbench-"+strconv.Itoa(os.Getuid()))
	refused := func(what string) {
		t.Helper()
		_, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv, ResolverRules: closedNetwork})
		if err == nil || !strings.Contains(err.Error(), "not this user's own folder") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := os.Symlink(elsewhere, ours); err != nil {
		t.Fatal(err)
	}
	refused("a link")
	if left, _ := os.ReadDir(elsewhere); len(left) > 0 {
		t.Errorf("%v was put where the link leads", left)
	}
	os.Remove(ours)
	if err := os.Mkdir(ours, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(ours, 0o777); err != nil {
		t.Fatal(err)
	}
	refused("a folder that everybody may write to")
}

// gone waits until neither a profile nor a process of one is left under dir.
func gone(t *testing.T, dir string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		folders, left := profilesIn(t, dir), processes(dir, "")
		if len(folders)+len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("left behind: %v, processes %v", folders, left)
			return
		}
	}
}
