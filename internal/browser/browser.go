// Package browser is the Chromium engine: it starts a browser, serves it the page of package
// web, lets the ping loop run there, and brings the samples back. It computes nothing from them.
package browser

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	protocol "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"rtcbench/internal/environment"
	"rtcbench/internal/scratch"
	"rtcbench/web"
)

// Options say which browser is started, and how.
type Options struct {
	Path          string // of Chromium or Chrome; "" = found
	NoSandbox     bool   // Chromium's own sandbox off; as root it always is
	ResolverRules string // Chromium's --host-resolver-rules, for tests
	// Environment is where Chromium's programs and fonts are, and through which proxy it asks.
	Environment environment.Environment
	// Rooms are what its pages will join, as far as it is known: the browser speaks to the hosts that these need, and
	// to no other.
	Rooms []JoinConfig
}

// Browser is a running Chromium with a profile of its own. Its owner closes it.
type Browser struct {
	ctx     context.Context
	cancel  func()
	profile *scratch.Folder // the browser's processes have this path in their command lines
	pages   *pages
	proxies environment.Environment // the variables, which may name proxies
	build   string                  // "chromium-headless-shell 156.0.8078.108"
	first   atomic.Bool             // whether its first tab is taken
	once    sync.Once
	err     error
}

// startTimeout bounds the start of Chromium, on a busy machine and a cold disk, where the caller has no limit.
const startTimeout = 30 * time.Second

// profileKind is the name of the kind of folders in which browsers have their profiles.
const profileKind = "chrome"

// Start starts a browser; ctx bounds the start only. It lives until Close.
func Start(ctx context.Context, o Options) (*Browser, error) {
	page, path, err := engine(o)
	if err != nil {
		return nil, err
	}
	if err := enough(path); err != nil {
		return nil, err
	}
	if ctx.Err() != nil { // nobody waits for a browser
		return nil, inTime(ctx, fmt.Errorf("start %s: %w", path, context.Cause(ctx)), startPhase)
	}
	// a browser ends with its debugging pipe, so one is left only if it hung
	scratch.Sweep(profileKind, func(profile string) { endUsers(profile); removeSocket(profile) })
	profile, err := scratch.New(profileKind)
	if err != nil {
		return nil, err
	}
	b := &Browser{profile: profile, proxies: o.Environment}
	if b.pages, err = serve(page); err != nil {
		b.Close()
		return nil, err
	}
	if err := b.launch(ctx, path, o); err != nil {
		b.Close()
		err = lastWords(err, o.Path == "", tight(sizeLimits()))
		return nil, inTime(ctx, fmt.Errorf("start %s: %w", path, err), startPhase)
	}
	return b, nil
}

// longestWords is how many characters are shown of what a browser said before it ended.
const longestWords = 300

// lastWords is err in one line. A program that ended at once said several, or none. limit is what may have ended it; ""
// = nothing is known. If the program was found, and not named, the error says how to name another one.
func lastWords(err error, found bool, limit string) error {
	said, ended := strings.CutPrefix(err.Error(), "chrome failed to start:")
	if !ended {
		return err
	}
	other := ""
	switch {
	case limit != "":
		other = " (" + limit + ")"
	case found:
		other = " (name another Chromium or Chrome with " + naming + ")"
	}
	if said = strings.Join(strings.Fields(said), " "); said == "" && limit != "" {
		return errors.New("it ended at once without a word" + other)
	} else if said == "" {
		return errors.New("it ended at once without a word: is it a Chromium or Chrome?" + other)
	}
	return fmt.Errorf("it ended at once: %.*s%s", longestWords, said, other)
}

// Check reports what would keep Start from starting anything: a build without the engine, no browser.
func Check(o Options) error {
	_, _, err := engine(o)
	return err
}

func engine(o Options) (page fs.FS, path string, err error) {
	if page, err = web.Engine(); err != nil {
		return nil, "", err
	}
	path, err = find(o.Path, o.Environment)
	return page, path, err
}

// silenced are the features of full Chromium that would make connections of their own. The list begins with the
// features that chromedp itself turns off.
const silenced = "Translate,BlinkGenPropertyTrees,OptimizationHints,OptimizationGuideModelDownloading," +
	"MediaRouter,DialMediaRouteProvider,AutofillServerCommunication,CertificateTransparencyComponentUpdater," +
	"DnsOverHttpsUpgrade,NetworkTimeServiceQuerying,InterestFeedContentSuggestions," +
	"WebRtcHideLocalIpsWithMdns" // it would tell everybody in the local network a name for each address

func (b *Browser) flags(path string, o Options) ([]chromedp.ExecAllocatorOption, error) {
	home := filepath.Join(b.profile.Path, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(b.profile.Path),
		chromedp.NoInheritEnv, chromedp.Env(variables(o.Environment, home)...),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("disable-component-update", true),
		// With the flag alone Chromium asks for updates all the same.
		chromedp.Flag("component-updater", "initial-delay=1000000,url-source=http://"+nobody+"/"),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-features", silenced),
		chromedp.Flag("disable-gpu", true), // there is nothing to draw
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-pings", true),
	)
	if o.NoSandbox {
		flags = append(flags, chromedp.NoSandbox)
	}
	requests, lookups := reach(o.Rooms, o.Environment)
	if o.ResolverRules != "" {
		lookups = o.ResolverRules
	} else {
		flags = append(flags, chromedp.Flag("host-rules", requests))
	}
	return append(flags, chromedp.Flag("host-resolver-rules", lookups)), nil
}

func (b *Browser) launch(ctx context.Context, path string, o Options) error {
	flags, err := b.flags(path, o)
	if err != nil {
		return err
	}
	// The browser outlives ctx: an interrupted run still asks its page for what was measured.
	allocator, stopAllocator := chromedp.NewExecAllocator(context.WithoutCancel(ctx), flags...)
	quiet := func(string, ...any) {}
	root, stopRoot := chromedp.NewContext(allocator, chromedp.WithLogf(quiet), chromedp.WithErrorf(quiet),
		chromedp.WithDebugf(quiet))
	b.ctx, b.cancel = root, func() { stopRoot(); stopAllocator() }
	started := make(chan error, 1)
	go func() {
		version, err := chromedp.CallBrowser(root, protocol.GetVersion, cdp.Empty{})
		if err == nil {
			err = chromedp.Do(root) // takes the first tab
		}
		_, number, _ := strings.Cut(version.Product, "/")
		b.build = strings.TrimSuffix(filepath.Base(path), ".exe") + " " + number
		started <- err
	}()
	if _, limited := ctx.Deadline(); !limited {
		var stop func()
		ctx, stop = context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not up after %v", startTimeout))
		defer stop()
	}
	select {
	case err := <-started:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// SandboxOff reports whether Chromium runs without its own sandbox, which is to be said aloud.
func SandboxOff(o Options) bool { return o.NoSandbox || os.Getuid() == 0 }

// Profile is the browser's folder, which its processes have in their command lines.
func (b *Browser) Profile() string { return b.profile.Path }

// Close ends the browser and removes its profile. It may be called again.
func (b *Browser) Close() error {
	b.once.Do(func() {
		if b.cancel != nil {
			b.cancel()
		}
		if b.pages != nil {
			b.err = b.pages.server.Close()
		}
		removeSocket(b.profile.Path)
		b.err = errors.Join(b.err, b.profile.Remove())
	})
	return b.err
}

// removeSocket removes the folder of Chromium's socket. Chromium makes that folder beside its profile, for the path in
// a profile may be too long for a socket, and leaves it behind when Chromium is ended from outside. A link in the
// profile leads to the folder.
func removeSocket(profile string) {
	socket, err := os.Readlink(filepath.Join(profile, "SingletonSocket"))
	dir := filepath.Dir(socket)
	// org.chromium.Chromium.…, com.google.Chrome.…
	if err != nil || !filepath.IsAbs(dir) || !strings.Contains(filepath.Base(dir), ".Chrom") {
		return
	}
	os.Remove(socket)
	os.Remove(filepath.Join(dir, "SingletonCookie"))
	os.Remove(dir) // removes an empty folder only, so nothing that others put there
}
