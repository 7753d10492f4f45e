package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/alecthomas/kong"

	"rtcbench/internal/settings"
)

// parsedFrom reads a command line with an environment, in a folder with a .env.
func parsedFrom(t *testing.T, env map[string]string, file string, args ...string) (*commands, *kong.Kong, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return parsedAt(env, path, args...)
}

// parsedAt is what the desk that all tests share made of a command line, until the next one is read there.
func parsedAt(env map[string]string, path string, args ...string) (*commands, *kong.Kong, error) {
	d := sharedDesk()
	_, err := d.parse(env, path, args...)
	return &d.cmds, d.parser, err
}

var sharedDesk = sync.OnceValue(newDesk)

// desk reads one command line after another: to build a parser takes far longer than to read by it, which begins with
// every flag as if nothing had been read before.
type desk struct {
	cmds     commands
	settings settings.Sources
	parser   *kong.Kong
	out      bytes.Buffer
}

func newDesk() *desk {
	d := &desk{}
	d.parser = newParser(&d.cmds, &d.settings, &d.out, &d.out, func(int) {})
	return d
}

func (d *desk) parse(env map[string]string, path string, args ...string) (*kong.Context, error) {
	d.settings = *settings.New(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, path)
	return lineOf(&d.settings).Parse(d.parser, args)
}

// eachFlag visits the flags of every command, with a command line that needs nothing more.
func eachFlag(visit func(args []string, flag *kong.Flag)) {
	var walk func(n *kong.Node, args []string)
	walk = func(n *kong.Node, args []string) {
		for _, child := range n.Children {
			walk(child, append(args[:len(args):len(args)], child.Name))
		}
		if len(n.Children) > 0 || n.Hidden || n.Name == "completion" { // hidden: what this program alone calls
			return
		}
		for _, p := range n.Positional {
			if p.Required {
				args = append(args, "x")
			}
		}
		for _, flag := range n.Flags {
			visit(args, flag)
		}
	}
	walk(newParser(&commands{}, settings.New(nil, ""), io.Discard, io.Discard, func(int) {}).Model.Node, nil)
}

// valueOf is what a command line made of a flag.
func valueOf(parser *kong.Kong, args []string, name string) any {
	n := parser.Model.Node
	for _, arg := range args {
		for _, child := range n.Children {
			if child.Name == arg {
				n = child
			}
		}
	}
	for _, flag := range n.Flags {
		if flag.Name == name {
			return flag.Target.Interface()
		}
	}
	return nil
}

// sample is a value that a flag takes, and what it then is.
func sample(flag *kong.Flag) (text string, want any) {
	switch flag.Target.Kind() {
	case reflect.Bool:
		return "true", true
	case reflect.Slice:
		return "none", []string{"none"}
	}
	if flag.Enum != "" {
		text, _, _ = strings.Cut(flag.Enum, ",")
		return text, text
	}
	return "a $b #c'd\"e", "a $b #c'd\"e" // what is inside stays
}

// eachCommand visits every command with its flags.
func eachCommand(visit func(args []string, flags []*kong.Flag)) {
	var last []string
	var flags []*kong.Flag
	end := func() {
		if flags != nil {
			visit(last, flags)
		}
	}
	eachFlag(func(args []string, flag *kong.Flag) {
		if !slices.Equal(args, last) {
			end()
			last, flags = args, nil
		}
		flags = append(flags, flag)
	})
	end()
}

func variables(flag *kong.Flag) []string {
	return strings.FieldsFunc(flag.Tag.Get("from"), func(r rune) bool { return r == ',' })
}

// Every variable that there is, of every command: what is at the ends of its value by mistake is taken away, wherever
// the value stands.
func TestEveryVariableIsCleaned(t *testing.T) {
	tried := map[string]bool{}
	d := newDesk()
	path := filepath.Join(t.TempDir(), ".env")
	parsed := func(env map[string]string, file string, args ...string) error {
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := d.parse(env, path, args...)
		return err
	}
	quoting := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "\n", `\n`, "\r", `\r`)
	eachCommand(func(args []string, flags []*kong.Flag) {
		check := func(what string, env map[string]string, file string, more ...string) {
			t.Helper()
			if err := parsed(env, file, append(args[:len(args):len(args)], more...)...); err != nil {
				t.Errorf("%v: %s: %v", args, what, err)
				return
			}
			for _, flag := range flags {
				_, want := sample(flag)
				if strings.HasSuffix(what, "in .env") && flag.Tag.Get("dotenv") == "no" ||
					strings.HasSuffix(what, "by flag") && !byFlagToo(flag) {
					continue
				}
				if got := valueOf(d.parser, args, flag.Name); len(variables(flag)) > 0 &&
					!reflect.DeepEqual(got, want) {
					t.Errorf("%v: --%s, %s: %q, want %q", args, flag.Name, what, got, want)
				}
			}
		}
		for what, dirt := range map[string]string{
			"newline": "%s\n", "CR LF": "%s\r\n", "spaces": " \t%s ", "BOM": "\ufeff%s", "no width": "\u200b%s\u200b",
			"no break": "\u00a0%s",
			"quotes":   `"%s"`, "single quotes": "'%s'", "quotes and newline": "\"%s\n\"\n",
		} {
			env, file, more := map[string]string{}, "OTHER=1\n", []string(nil)
			for _, flag := range flags {
				text, _ := sample(flag)
				text = fmt.Sprintf(dirt, text)
				for _, name := range variables(flag) {
					tried[name] = true
					env[name] = text
					if flag.Tag.Get("dotenv") != "no" {
						file += name + "=\"" + quoting.Replace(text) + "\"\r\n"
					}
				}
				if len(variables(flag)) > 0 && byFlagToo(flag) {
					more = append(more, "--"+flag.Name+"="+text)
				}
			}
			check(what, env, "")
			if !strings.Contains(what, "quotes") {
				check(what+" in .env", nil, file)
				check(what+" by flag", nil, "", more...)
			}
		}
		plain := map[string]any{}
		parsed(nil, "", args...)
		for _, flag := range flags {
			plain[flag.Name] = valueOf(d.parser, args, flag.Name)
		}
		for _, empty := range []string{"", " \n", `""`, "'  '"} {
			env := map[string]string{}
			for _, flag := range flags {
				for _, name := range variables(flag) {
					env[name] = empty
				}
			}
			err := parsed(env, "", args...)
			for _, flag := range flags {
				got, want := valueOf(d.parser, args, flag.Name), plain[flag.Name]
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%v: --%s from %q: %q, %v; want as if it were not set", args, flag.Name, empty, got, err)
				}
			}
		}
	})
	if len(tried) < 60 {
		t.Errorf("only %d variables were tried", len(tried))
	}
}

// byFlagToo reports whether a value on the command line is cleaned too: that of a name of a file is not.
func byFlagToo(flag *kong.Flag) bool {
	return flag.Target.Kind() != reflect.Bool && flag.Tag.Get("completion-predictor") == ""
}

// A value of .env is what is written there, and the file is nobody's business who needs nothing of it.
func TestDotEnvFile(t *testing.T) {
	foreign := "\ufeffset -a\nFEATURE-FLAG=1\nMY_APP_KEY\nexport PATH\n"
	cmds, _, err := parsedFrom(t, nil,
		foreign+"LOCATION_ID=${HOSTNAME}-fra\nINFLUXDB_TOKEN=bob:pa$Word\nITERATIONS=3\n", "livekit")
	if err != nil || cmds.Livekit.Location != "${HOSTNAME}-fra" || cmds.Livekit.InfluxToken != "bob:pa$Word" ||
		cmds.Livekit.Iterations != "3" {
		t.Errorf("%q, %q, %q, %v", cmds.Livekit.Location, cmds.Livekit.InfluxToken, cmds.Livekit.Iterations, err)
	}
	broken := foreign + "ITERATIONS 3\nDAILY_API_KEY=\"hush"
	for _, c := range []struct {
		want string // "" = none of its business
		env  map[string]string
		args []string
	}{
		{"ITERATIONS (.env line 5): the line is not of the form NAME=value", nil, []string{"livekit"}},
		{"DAILY_API_KEY (.env line 6): the quote is not closed", nil, []string{"daily", "-n", "3"}},
		{"", nil, []string{"livekit", "-n", "3"}},
		{"", map[string]string{"ITERATIONS": "3"}, []string{"livekit"}},
		{"", nil, []string{"history"}},
		{"", nil, []string{"lab", "list"}},
		{"", nil, []string{"completion", "-c", "bash"}},
	} {
		_, _, err := parsedFrom(t, c.env, broken, c.args...)
		if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && got != c.want {
			t.Errorf("%v with %v: %v, want %q", c.args, c.env, err, c.want)
		}
	}
}

// A .env of the working directory names no program and weakens nothing. Of a command that starts no browser it may say
// what it likes of one.
func TestWhatDotEnvMayNotSet(t *testing.T) {
	refused := map[string]bool{}
	eachFlag(func(args []string, flag *kong.Flag) {
		if flag.Tag.Get("dotenv") != "no" {
			return
		}
		name := flag.Tag.Get("from")
		refused[name] = true
		text, _ := sample(flag)
		switch args[0] {
		case "livekit":
			args = append(args[:1:1], "--engine=browser")
		case "echo":
			args = append(args[:1:1], "--platform=daily")
		}
		_, _, err := parsedFrom(t, nil, "\n"+name+"="+text, args...)
		if want := fmt.Sprintf("%s (.env line 2): a .env may not set this; set it in the environment, or give --%s",
			name, flag.Name); fmt.Sprint(err) != want {
			t.Errorf("%v: %v, want %s", args, err, want)
		}
		for _, more := range [][]string{{"--" + flag.Name + "=" + text}, nil} {
			env := map[string]string{}
			if more == nil {
				env[name] = text
			}
			if _, _, err := parsedFrom(t, env, name+"=other", append(args, more...)...); err != nil {
				t.Errorf("%v %v with %v: %v", args, more, env, err)
			}
		}
	})
	for _, name := range []string{"CHROME_PATH", "RTCBENCH_NO_SANDBOX", "RTCBENCH_CHROME_RESOLVER_RULES",
		"RTCBENCH_DAILY_BUNDLE_URL", "RTCBENCH_DAILY_API_URL", "RTCBENCH_INSECURE", "RTCBENCH_USER_HEADER",
		"RTCBENCH_USER_HEADER_FROM"} {
		if !refused[name] {
			t.Errorf("%s may stand in .env", name)
		}
	}
	for _, args := range [][]string{{"livekit"}, {"echo"}} {
		if _, _, err := parsedFrom(t, nil, "CHROME_PATH=/x\n", args...); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}
