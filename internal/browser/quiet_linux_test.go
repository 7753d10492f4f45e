package browser_test

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/daily/standin"
)

// kinds are the two kinds of browser: the headless shell, and Chromium with all that belongs to windows. make tools
// installs both.
func kinds(t *testing.T) map[string]string {
	t.Helper()
	list := map[string]string{"shell": "/usr/lib/chromium/chromium-headless-shell", "full": "chromium"}
	for _, path := range list {
		if _, err := exec.LookPath(path); err != nil {
			t.Fatalf("%v: make tools installs it", err)
		}
	}
	return list
}

// TestWhatTheBrowserGets: no secret of ours is in the environment of any of its processes, nothing stays in the folders
// of the user, and the local network is told no name of it.
func TestWhatTheBrowserGets(t *testing.T) {
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	for kind, path := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			home := t.TempDir()
			t.Setenv("TMPDIR", t.TempDir())
			t.Setenv("HOME", home)
			for _, name := range []string{"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
				"XDG_STATE_HOME"} {
				t.Setenv(name, filepath.Join(home, strings.ToLower(name)))
			}
			for _, name := range []string{"LIVEKIT_API_SECRET", "DAILY_API_KEY", "AWS_SECRET_ACCESS_KEY",
				"INFLUX_TOKEN", "SOME_NAME_OF_TOMORROW"} {
				t.Setenv(name, "hush-"+name)
			}
			t.Setenv("HTTPS_PROXY", "http://bob:hush-proxy@127.0.0.1:9")
			t.Setenv("TZ", "Asia/Kathmandu")
			b, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv, Path: path})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { b.Close() })
			page := seatOn(t, b, cloud, "quiet-"+kind)
			if zone, err := page.Evaluate(t.Context(),
				"Intl.DateTimeFormat().resolvedOptions().timeZone"); err != nil || zone != "Asia/Kathmandu" &&
				zone != "Asia/Katmandu" {
				t.Errorf("the page's zone is %q, %v: TZ has not reached it", zone, err)
			}
			if sdp, err := page.Evaluate(t.Context(), gathered); err != nil ||
				!strings.Contains(sdp, "a=candidate") || strings.Contains(sdp, ".local") {
				t.Errorf("%v: the local network is told a name of this browser (mDNS): %s", err, sdp)
			}
			looked := 0
			for _, pid := range processes(b.Profile(), "") {
				data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
				if err != nil {
					continue // it has ended
				}
				looked++
				if strings.Contains(string(data), "hush") {
					t.Errorf("process %d of the browser knows a secret", pid)
				}
				for _, text := range strings.Split(string(data), "\x00") {
					if name, value, _ := strings.Cut(text, "="); name != "CHROME_DESKTOP" &&
						strings.HasPrefix(value, home) {
						t.Errorf("process %d of the browser has %s in the user's home", pid, name)
					}
				}
			}
			if looked < 3 {
				t.Errorf("%d processes were looked at: this test looks at the wrong place", looked)
			}
			page.Close()
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			filepath.WalkDir(home, func(path string, _ fs.DirEntry, _ error) error {
				if path != home {
					t.Errorf("the browser left %s", path)
				}
				return nil
			})
		})
	}
}

// gathered is what a page tells of its addresses to whom it connects.
const gathered = `(async () => {
	const pc = new RTCPeerConnection();
	pc.createDataChannel("x");
	await pc.setLocalDescription();
	while (pc.iceGatheringState !== "complete") await new Promise(r => { pc.onicegatheringstatechange = r; });
	const sdp = pc.localDescription.sdp;
	pc.close();
	return sdp;
})()`

// seatOn is a page in a new room of a stand-in for Daily.
func seatOn(t *testing.T, b *browser.Browser, cloud *standin.Server, room string) *browser.Page {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	page, err := b.OpenFirst(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := page.Join(ctx, of(browser.JoinConfig{Platform: "daily", URL: cloud.AddRoom(room),
		BundleURL: cloud.BundleURL()})); err != nil {
		t.Fatal(err)
	}
	return page
}

// TestTwoSeats: each seat is a process of its own, in sight, and what both need of the platform's library is fetched
// once.
func TestTwoSeats(t *testing.T) {
	t.Parallel()
	for kind, path := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			benchtest.Beside(t, benchtest.WithBrowser)
			cloud, err := standin.Start()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { cloud.Close() })
			b, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv, Path: path})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { b.Close() })
			var pages []*browser.Page
			for _, room := range []string{"a", "b", "c"} {
				pages = append(pages, seatOn(t, b, cloud, room))
			}
			for i, page := range pages {
				if seen, err := page.Evaluate(t.Context(), "document.visibilityState"); err != nil ||
					seen != "visible" {
					t.Errorf("page %d is %q, %v", i, seen, err)
				}
			}
			if n := len(processes(b.Profile(), "--type=renderer")); n < len(pages) {
				t.Errorf("%d pages share %d processes", len(pages), n)
			}
			if n := cloud.Bundles(); n != 1 {
				t.Errorf("the call machine was fetched %d times", n)
			}
			for _, page := range pages { // the first tab does not end the browser
				page.Close()
			}
			seatOn(t, b, cloud, "d").Close()
		})
	}
}

// TestWhatIsNotEnough: what would keep a browser from starting is said in words before it starts.
func TestWhatIsNotEnough(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 80))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	_, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv, Path: kinds(t)["full"]})
	if err == nil || !strings.Contains(err.Error(), "the folder for temporary files has a path of") ||
		!strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("full: %v", err)
	}
	b, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv,
		Path: kinds(t)["shell"]}) // makes no socket
	if err != nil {
		t.Errorf("shell: %v", err)
	} else {
		b.Close()
	}
	t.Setenv("TMPDIR", t.TempDir())
	cmd := exec.Command("sh", "-c", `ulimit -n 100 && exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), startOnly+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "at most 100 open files are allowed here") ||
		strings.Count(string(out), "\n") > 1 {
		t.Errorf("%v: %s", err, out)
	}
	cmd = exec.Command("sh", "-c", `ulimit -f 8 && exec "$0"`, os.Args[0]) // blocks of 512 bytes
	cmd.Env = append(os.Environ(), startOnly+"=1")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "a file may have 0.00391 MB") {
		t.Errorf("%v: %s", err, out)
	}
	// The race detector needs more memory than any limit that anybody sets.
	none := errors.New("chrome failed to start:\n")
	for memory, want := range map[uint64]string{
		2000000 << 10: "it ended at once without a word (it may reserve 1953 MB of memory here, and Chromium " +
			"reserves more than 1048576: ulimit -v unlimited, or LimitAS of a service)",
		math.MaxUint64: "it ended at once without a word: is it a Chromium or Chrome?",
		0:              "it ended at once without a word: is it a Chromium or Chrome?",
	} {
		if got := browser.LastWords(none, false, browser.Tight(memory, math.MaxUint64)); got.Error() != want {
			t.Errorf("%d bytes: %v", memory, got)
		}
	}
}

// TestABrowserThatDoesNotComeUp ends with the caller's limit, says what was waited for, and leaves no process.
func TestABrowserThatDoesNotComeUp(t *testing.T) {
	dir, err := os.MkdirTemp("", "x") // t.TempDir has the test's name in it, and a browser's sockets need a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
	path := filepath.Join(dir, "slow-browser")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	const limit = 500 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	begin := time.Now()
	_, err = browser.Start(ctx, browser.Options{Environment: os.LookupEnv, Path: path})
	if err == nil || err.Error() != "Chromium was not up" || time.Since(begin) < limit {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
	gone(t, dir)
}

// TestAProgramThatIsNoBrowser: whatever it says before it ends, the error is one line.
func TestAProgramThatIsNoBrowser(t *testing.T) {
	for script, want := range map[string]string{
		"exit 1":                   "it ended at once without a word: is it a Chromium or Chrome?",
		"echo 'a  b'; echo c >&2":  "it ended at once: a b c",
		"printf '%01000d' 0; echo": "it ended at once: " + strings.Repeat("0", 300),
	} {
		path := filepath.Join(t.TempDir(), "other")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := browser.Start(t.Context(), browser.Options{Environment: os.LookupEnv, Path: path})
		if err == nil || err.Error() != "start "+path+": "+want {
			t.Errorf("%s: %v", script, err)
		}
	}
}

// TestABrowserThatWasFoundAndIsBroken: a shell that lacks a library is found first, and the Chromium beside it would
// work.
func TestABrowserThatWasFoundAndIsBroken(t *testing.T) {
	said := errors.New("chrome failed to start:\nerror while loading shared libraries: libnss3.so\n")
	want := "it ended at once: error while loading shared libraries: libnss3.so (name another Chromium or Chrome " +
		"with --chrome-path or CHROME_PATH)"
	if err := browser.LastWords(said, true, ""); err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestEveryPhaseEndsInTime: the page, the library, signalling and the room are waited for as long as the caller says,
// and the error says for which.
func TestEveryPhaseEndsInTime(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	cloud, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cloud.Close() })
	silent, err := net.Listen("tcp4", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	b := start(t)
	join := func(name string, c browser.JoinConfig, want string, before func() (after func())) {
		t.Run(name, func(t *testing.T) {
			opening, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			page, err := b.Open(opening)
			if err != nil {
				t.Fatal(err)
			}
			defer page.Abandon()
			if before != nil {
				defer before()()
			}
			const limit = 5 * time.Second
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			begin := time.Now()
			err = page.Join(ctx, c)
			if took := time.Since(begin); err == nil || err.Error() != want || took < limit {
				t.Errorf("%v after %v, want %q", err, took, want)
			}
		})
	}
	daily := of(browser.JoinConfig{Platform: "daily", URL: cloud.AddRoom("late"), BundleURL: cloud.BundleURL()})
	join("the page", daily, "the engine's page was not open in Chromium", func() func() {
		stopped := signal(b.Profile(), "", syscall.SIGSTOP)
		return func() {
			for _, pid := range stopped {
				syscall.Kill(pid, syscall.SIGCONT)
			}
		}
	})
	slow := daily
	slow.BundleURL = "http://" + silent.Addr().String()
	join("the library", slow, "daily-js had not loaded its call machine", nil)
	cloud.SetFate(standin.Fate{Stuck: "socket"})
	join("Daily's signalling", daily, "no answer from Daily's signalling", nil)
	cloud.SetFate(standin.Fate{Stuck: "room"})
	join("the room", daily, "Daily's signalling answers, but the room was not joined", nil)
	cloud.SetFate(standin.Fate{})
	join("LiveKit's signalling", of(browser.JoinConfig{Platform: "livekit", URL: "ws://" + silent.Addr().String(),
		Token: "x"}), "no answer", nil)
}

func TestNoBrowserTakesAnothersPlace(t *testing.T) {
	list := browser.Usual("linux", os.LookupEnv)
	shell, full := slices.Index(list, "chromium-headless-shell"), slices.Index(list, "chromium")
	if shell < 0 || full < shell || slices.Index(list, "google-chrome") < full {
		t.Errorf("looked for in this order: %v", list)
	}
}
