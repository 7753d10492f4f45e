package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/settings"
)

// free are flags that take any text, or the name of a file: there is nothing to refuse.
var free = map[string]bool{
	"token": true, "api-key": true, "api-secret": true, "room": true, "location": true, "agent-token": true,
	"echo-place": true,
	"auth-token": true, "daily-token": true, "admin-token": true,
	"daily-api-key": true, "livekit-token": true, "livekit-api-key": true, "livekit-api-secret": true,
	"livekit-room": true, "influxdb-token": true,
	"start-token":  true,
	"influxdb-org": true, "influxdb-database": true, "ts-region": true, "lab": true, "chrome-resolver-rules": true,
	"log-pings": true, "help": true, "geo": true, "region": true,
	"outbox-max": true, // who only reads has no use for it
}

// madeUpSecrets are those that no name of a file looks like.
var madeUpSecrets = slices.DeleteFunc(slices.Clone(benchtest.Secrets), func(secret string) bool {
	return settings.ShownName(secret) != settings.Hidden(secret)
})

// run carries out a command line as Main does, and gives what was said.
func (d *desk) run(ctx context.Context, env map[string]string, path string, args []string) (code int, said string) {
	d.out.Reset()
	err := settings.CheckArgs(args)
	if err == nil {
		var parsed *kong.Context
		if parsed, err = d.parse(env, path, args...); err == nil {
			err = parsed.Run(&app{ctx: ctx, stdout: &d.out, stderr: &d.out, settings: &d.settings})
		}
	}
	raw := ""
	if err != nil {
		err = censored{err, &d.settings, args}
		raw = err.Error() // as it is before what no terminal can show is taken out
	}
	return fail(&d.out, err), d.out.String() + raw
}

// A secret where a number, a choice, a time, a filter or an address belongs is refused and not shown: for each flag of
// each command, on the command line, in the environment and in .env.
func TestASecretInTheWrongPlace(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	if err := os.WriteFile("rtcbench.yaml", []byte("jobs: [{platform: livekit}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancelCause(t.Context())
	stop(errors.New("stopped"))
	tried, d := 0, newDesk()
	eachFlag(func(args []string, flag *kong.Flag) {
		if free[flag.Name] {
			return
		}
		secrets := benchtest.Secrets
		named := flag.Tag.Get("completion-predictor") != "" // names of files are shown, but for made up ones
		if named {
			secrets = madeUpSecrets
		}
		secret := secrets[tried%len(secrets)]
		tried++
		more := append([]string(nil), args...)
		switch {
		case args[0] == "echo":
			more = append(more, "--listen=127.0.0.1:0", "--server-url=ws://127.0.0.1:1", "--api-key=k",
				"--api-secret=s", "--platform=both", "--livekit-url=ws://127.0.0.1:1")
		case args[0] == "daily":
			more = append(more, "--api-key=k")
		case args[0] == "both":
			more = append(more, "--daily-api-key=k")
		case len(args) > 1 && args[1] == "run":
			more = append(more, "floor")
		}
		try := func(where string, env map[string]string, file string, args ...string) {
			t.Helper()
			path := "settings"
			if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			code, text := d.run(stopped, env, path, args)
			if named && code == exitOK { // where a name is good for a file, it is said where the file is
				return
			}
			if strings.Contains(text, secret) ||
				code != exitUsage && where == "by flag" && !named {
				t.Errorf("%v --%s %s: exit code %d: %s", args, flag.Name, where, code,
					strings.ReplaceAll(text, secret, "SECRET"))
			}
		}
		for i, arg := range more { // the flag once
			if strings.HasPrefix(arg, "--"+flag.Name+"=") {
				more = append(more[:i:i], more[i+1:]...)
				break
			}
		}
		try("by flag", nil, "", append(more[:len(more):len(more)], "--"+flag.Name+"="+secret)...)
		for _, name := range variables(flag) {
			try("from "+name, map[string]string{name: secret}, "", more...)
			if flag.Tag.Get("dotenv") != "no" {
				try("from .env "+name, nil, name+"='"+secret+"'\n", more...)
			}
		}
	})
	if tried < 100 {
		t.Errorf("only %d flags were tried", tried)
	}
}

// The same for arguments that are no flags', keys of filters, and events. Each meets every fourth form of a secret, one
// form more than the one before: what is shown of all forms, package settings tests. Main itself is given each once.
func TestASecretAsAnArgument(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	d := newDesk()
	for form, secret := range benchtest.Secrets {
		lines := [][]string{
			{secret}, {"livekit", secret}, {"compare", secret, secret}, {"compare", "platform=" + secret, "x"},
			{"compare", secret + "=x", "x"},
			{"compare", "since=" + secret, "x"}, {"compare", "x.json#" + secret, "x"},
			{"lab", "run", "floor", "--", secret}, {"lab", "run", "floor", "--", "livekit", secret},
			{"health", secret}, {"livekit", "--" + secret}, {"livekit", "--" + secret + "=x"},
			{"livekit", "-n" + secret}, {"livekit", "--quiet=" + secret}, {"store", secret},
			{"store", "remove", secret, "--data-dir=d"}, {"history", secret, "--data-dir=d"},
		}
		lines = everyFourth(lines, form)
		if settings.ShownName(secret) == settings.Hidden(secret) { // where a name belongs
			lines = append(lines, []string{"import", secret, "--store=sqlite:x.db", "--data-dir=d"},
				[]string{"store", "flush", "--was=influxdb:" + secret, "--data-dir=d"})
		}
		for _, args := range lines {
			var out bytes.Buffer
			var code int
			text := ""
			if form < 4 {
				code = Main(args, &out, &out)
				text = out.String()
			} else {
				code, text = d.run(t.Context(), nil, "", args)
			}
			if code == exitOK || strings.Contains(text, secret) ||
				strings.Count(text, "\n") != 1 {
				t.Errorf("%v: exit code %d: %s", args, code, strings.ReplaceAll(text, secret, "SECRET"))
			}
		}
		for _, event := range everyFourth([]string{`{"%s": 1}`, `{"%s": {}}`, `{"platform": "%s"}`,
			`{"iterations": "%s"}`, `{"quiet-": "%s"}`, `{"echo": "%s"}`}, form) {
			a := &app{ctx: t.Context(), stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{},
				settings: settings.New(nil, "")}
			if _, err := a.invoke(t.Context(), []byte(fmt.Sprintf(event, secret))); err == nil ||
				strings.Contains(err.Error(), secret) {
				t.Errorf("event %s: %v", event, err)
			}
		}
	}
}

// everyFourth are those of list whose place and n are a multiple of four together.
func everyFourth[T any](list []T, n int) (some []T) {
	for i, one := range list {
		if (i+n)%4 == 0 {
			some = append(some, one)
		}
	}
	return some
}

// shownCommands is all that was read, without addresses, which are others each time.
func shownCommands(c *commands) string {
	return regexp.MustCompile(`0x[0-9a-f]+`).ReplaceAllString(fmt.Sprintf("%+v", *c), "")
}

// Flags stand where they like: before an argument, between two, after the last.
func TestFlagsAfterArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		flag string
	}{
		{[]string{"history", "3eba4b1c"}, "--format=json"},
		{[]string{"compare", "a.json", "b.json"}, "--format=json"},
		{[]string{"import", "a.json", "b.json"}, "--store=none"},
		{[]string{"import", "-"}, "--store=none"},
		{[]string{"import", "a.json", "-", "b.json", "c.json"}, "--store=none"},
		{[]string{"import", "a.json", "b.json", "--", "-c.json", "--store"}, "--store=none"},
		{[]string{"store", "remove", "3eba4b1c"}, "--store=none"},
		{[]string{"report", "3eba4b1c", "a.json"}, "--output=x.html"},
		{[]string{"fleet", "show", "fra"}, "--hub=https://h:1"},
		{[]string{"fleet", "revoke", "fra"}, "--admin-token=x"},
		{[]string{"fleet", "pause", "fra"}, "--data-dir=d"},
		{[]string{"fleet", "run", "job"}, "--where=region=eu"},
		{[]string{"fleet", "plan", "apply", "f.yaml"}, "--hub=https://h:1"},
		{[]string{"lab", "run", "own.yaml", "--", "livekit", "-n", "3"}, "--alternate=2s"},
		{[]string{"lab", "run", "own.yaml", "livekit", "-n", "3"}, "--alternate=2s"},
	} {
		commandWords := 1
		switch {
		case c.args[0] == "fleet" && c.args[1] == "plan":
			commandWords = 3
		case c.args[0] == "lab", c.args[0] == "store", c.args[0] == "fleet":
			commandWords = 2
		}
		last := len(c.args)
		if end := slices.Index(c.args, "--"); end >= 0 {
			last = end
		} else if c.args[0] == "lab" {
			last = 3 // what follows is the command's
		}
		before := ""
		for at := commandWords; at <= last; at++ {
			args := append(append(append([]string(nil), c.args[:at]...), c.flag), c.args[at:]...)
			cmds, _, err := parsedAt(nil, "", args...)
			if err != nil {
				t.Errorf("%v: %v", args, err)
				continue
			}
			if got := shownCommands(cmds); before == "" {
				before = got
			} else if got != before {
				t.Errorf("%v is read in another way than with the flag first", args)
			}
		}
	}
}
