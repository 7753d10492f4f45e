package flags

import (
	"fmt"
	"io"

	"rtcbench/internal/browser"
	"rtcbench/internal/environment"
)

// ChromeGroup are the flags that choose the browser of the browser engine.
type ChromeGroup struct {
	ChromePath    string `from:"CHROME_PATH" dotenv:"no" group:"engine" placeholder:"PATH" help:"Chromium or Chrome for the browser engine (default: the one that is found)." completion-predictor:"file"`
	NoSandbox     bool   `name:"no-sandbox" from:"RTCBENCH_NO_SANDBOX" dotenv:"no" group:"engine" help:"Run Chromium without its own sandbox, as containers need; as root it always does."`
	ResolverRules string `name:"chrome-resolver-rules" from:"RTCBENCH_CHROME_RESOLVER_RULES" dotenv:"no" hidden:"" help:"Chromium's --host-resolver-rules, for tests."`
}

// Options are of a browser whose pages join these rooms, as far as they are known.
func (f ChromeGroup) Options(env environment.Environment, rooms ...browser.JoinConfig) browser.Options {
	return browser.Options{Path: f.ChromePath, NoSandbox: f.NoSandbox, ResolverRules: f.ResolverRules, Rooms: rooms,
		Environment: env}
}

// Args is the group as flags of a command line, for another process.
func (f ChromeGroup) Args() (args []string) {
	for flag, value := range map[string]string{"chrome-path": f.ChromePath, "chrome-resolver-rules": f.ResolverRules} {
		if value != "" {
			args = append(args, "--"+flag+"="+value)
		}
	}
	if f.NoSandbox {
		args = append(args, "--no-sandbox")
	}
	return args
}

// SayAloud writes to w that the browser which is about to start runs without its own sandbox, if that is so.
func (f ChromeGroup) SayAloud(w io.Writer, env environment.Environment) {
	if o := f.Options(env); browser.Check(o) == nil && browser.SandboxOff(o) {
		why := "as root it runs only so"
		if o.NoSandbox {
			why = "--no-sandbox"
		}
		fmt.Fprintf(w, "Chromium runs without its own sandbox (%s)\n", why)
	}
}
