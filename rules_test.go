package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// permits are allowed by package.
func permits() map[string][]string {
	may := map[string][]string{}
	of := ""
	for line := range strings.Lines(allowed) {
		list := line
		if name, rest, begins := strings.Cut(line, ": "); begins {
			of, list = name, rest
			may[of] = []string{}
		} else if name, empty := strings.CutSuffix(strings.TrimSpace(line), ":"); empty {
			of, list = name, ""
			may[of] = []string{}
		}
		may[of] = append(may[of], strings.Fields(list)...)
	}
	return may
}

type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

func TestImports(t *testing.T) {
	all := permits()
	for _, p := range packages(t) {
		may, known := all[p.ImportPath]
		if !known {
			t.Errorf("%s is not in the list of packages", p.ImportPath)
		}
		for _, i := range p.Imports {
			standard := !strings.Contains(strings.SplitN(i, "/", 2)[0], ".") && !strings.HasPrefix(i, "rtcbench")
			ok := slices.ContainsFunc(may, func(m string) bool { return i == m || strings.HasPrefix(i, m+"/") })
			if !standard && !ok {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
		}
	}
}

// TestTestHelpersStayInTests: no binary of ours carries them.
func TestTestHelpersStayInTests(t *testing.T) {
	for _, p := range packages(t) {
		for _, i := range p.Imports {
			if (strings.HasSuffix(i, "/benchtest") || strings.HasSuffix(i, "/sandboxtest")) &&
				!strings.HasPrefix(p.ImportPath, "rtcbench/tools/") &&
				!strings.HasSuffix(p.ImportPath, "/sandboxtest") {
				t.Errorf("%s imports %s outside its tests", p.ImportPath, i)
			}
		}
	}
}

// TestStandInsAreCalledByNobody: what stands in for a module (third_party) is imported by LiveKit's own packages, which
// use it in servers that share rooms, and by the reader of YAML, to which nobody gives a validator.
func TestStandInsAreCalledByNobody(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Dir,GoFiles", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p struct {
			ImportPath, Dir  string
			Imports, GoFiles []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		livekits := strings.HasPrefix(p.ImportPath, "github.com/livekit/")
		if slices.Contains(p.Imports, "github.com/redis/go-redis/v9") && !livekits {
			t.Errorf("%s imports Redis's client: third_party/redis is no client", p.ImportPath)
		}
		const yaml = "buf.build/go/protoyaml"
		if slices.Contains(p.Imports, "buf.build/go/protovalidate") && p.ImportPath != yaml {
			t.Errorf("%s imports protovalidate: third_party/protovalidate validates nothing", p.ImportPath)
		}
		if !slices.Contains(p.Imports, yaml) {
			continue
		}
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "Validator:") {
				t.Errorf("%s of %s gives protoyaml a validator", name, p.ImportPath)
			}
		}
	}
}

// TestNoForeignTypesInTheVocabulary: an exported signature of bench names no type of an SDK.
func TestNoForeignTypesInTheVocabulary(t *testing.T) {
	cmd := exec.Command("go", "doc", "-all", "./bench")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?m)^(func|type|\t).*\b(hdr|uuid|webrtc|lksdk|sql|http)\.`).Find(out); m != nil {
		t.Errorf("bench exports %q", m)
	}
}

func goFiles(t *testing.T, visit func(path, text string)) {
	t.Helper()
	ownFiles(t, []string{".go"}, visit)
}

// ownFiles visits the files with one of these endings, without what was fetched or built.
func ownFiles(t *testing.T, endings []string, visit func(path, text string)) {
	t.Helper()
	others := []string{".git", "node_modules", ".venv", ".bin", "dist"}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains(others, d.Name()) {
			return fs.SkipDir
		}
		if !d.IsDir() && slices.Contains(endings, filepath.Ext(path)) {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			visit(path, string(data))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOnlyMainExits(t *testing.T) {
	exits := regexp.MustCompile(`\b(os\.Exit|log\.Fatal)\w*\(`)
	goFiles(t, func(path, text string) {
		if path == "main.go" {
			if n := strings.Count(text, "\n"); n > 40 {
				t.Errorf("main.go has %d lines", n)
			}
			return
		}
		if exits.MatchString(text) && !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "sandboxtest") &&
			!strings.HasPrefix(path, "tools/") {
			t.Errorf("%s ends the process", path)
		}
	})
}

func TestFilesStayShort(t *testing.T) {
	goFiles(t, func(path, text string) {
		if n := strings.Count(text, "\n"); n > 400 {
			t.Errorf("%s has %d lines", path, n)
		}
	})
}

// TestTestsWithoutTheDetectorAreRun: make test runs the packages that have tests which are built without the race
// detector alone a second time.
func TestTestsWithoutTheDetectorAreRun(t *testing.T) {
	var have []string
	goFiles(t, func(path, text string) {
		if strings.HasPrefix(text, "//go:build !race\n") && strings.HasSuffix(path, "_test.go") {
			have = append(have, "./"+filepath.ToSlash(filepath.Dir(path)))
		}
	})
	slices.Sort(have)
	text, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?m)^UNRACED := (.*)$`).FindStringSubmatch(string(text))
	if list == nil || !slices.Equal(strings.Fields(list[1]), slices.Compact(have)) {
		t.Errorf("such tests are in %v, the Makefile has %q", slices.Compact(have), list)
	}
}

// TestTheCommandLineStaysThin: a file of internal/cli is the flags, the texts and one call of a command. What a command
// does lives in a room below, and groups of flags in internal/commandline/flags.
func TestTheCommandLineStaysThin(t *testing.T) {
	const most = 4000
	lines := 0
	goFiles(t, func(path, text string) {
		if hasPrefix(path, "internal/cli/") && !strings.HasSuffix(path, "_test.go") {
			lines += strings.Count(text, "\n")
		}
	})
	if lines > most {
		t.Errorf("internal/cli has %d lines, %d are the most", lines, most)
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	documented := map[string]bool{}
	doc := regexp.MustCompile(`(?m)^// (Package|Command) .*(\n//.*)*\npackage `)
	dirs := map[string]bool{}
	goFiles(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		dirs[filepath.Dir(path)] = true
		if doc.MatchString(text) {
			documented[filepath.Dir(path)] = true
		}
	})
	for dir := range dirs {
		if !documented[dir] {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

// TestStoresNameNoFlags: what stores, the outbox, keep and archive say names no flag and no command. The command line
// adds those, and whoever else shows such an error has others.
func TestStoresNameNoFlags(t *testing.T) {
	named := regexp.MustCompile(
		`"[^"]*(rtcbench (store|livekit|daily|both|lab|run|echo|compare|calibrate|history|export|import)\b|[ ` +
			`(",]--[a-z]|"--[a-z])`)
	goFiles(t, func(path, text string) {
		below := slices.ContainsFunc([]string{"internal/store/", "internal/outbox/", "internal/keep/",
			"internal/archive/", "internal/result/"},
			func(dir string) bool { return strings.HasPrefix(filepath.ToSlash(path), dir) })
		if !below || strings.HasSuffix(path, "_test.go") {
			return
		}
		for line := range strings.Lines(text) {
			if found := named.FindString(line); found != "" && !strings.Contains(line, "(aws ") {
				t.Errorf("%s: %s", path, strings.TrimSpace(line))
			}
		}
	})
}

// TestNumbersAreSpokenOf: no text has "run(s)": bench.Many knows how many there are.
func TestNumbersAreSpokenOf(t *testing.T) {
	either := regexp.MustCompile(`[a-z]\(s\)`)
	goFiles(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") || hasPrefix(path, "tools/") || !either.MatchString(text) {
			return
		}
		for at, literal := range literals(t, path, text) {
			if either.MatchString(literal) {
				t.Errorf("%s:%d speaks of one or many: %s", path, at, literal)
			}
		}
	})
}

// TestPlatformsAreNamedAtHome: outside the packages of the platforms, and what stands in files and on wires, nobody
// quotes the name of one. Whoever needs it asks the platform's value.
func TestPlatformsAreNamedAtHome(t *testing.T) {
	names := regexp.MustCompile(`["'](daily|livekit)["'\\]`)
	home := []string{"internal/platform/",
		"internal/result/", "internal/report/both.go", // the file formats
		"internal/echo/invitation.go", "internal/browser/contract/", // what crosses wires
		"internal/benchtest/", "tools/", // no binary of ours has them
	}
	goFiles(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") || hasPrefix(path, home...) {
			return
		}
		for at, literal := range literals(t, path, text) {
			if names.MatchString(literal) {
				t.Errorf("%s:%d names a platform: %s", path, at, literal)
			}
		}
	})
}

func hasPrefix(path string, list ...string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(filepath.ToSlash(path), p) })
}

// literals are the texts in a file's code, as they are written there, by their lines.
func literals(t *testing.T, path, text string) iter.Seq2[int, string] {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(int, string) bool) {
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				return yield(files.Position(l.Pos()).Line, l.Value)
			}
			return true
		})
	}
}

// TestTheEnvironmentIsReadAbove: below the command line nobody reads or sets a variable of this process by himself.
// internal/cli hands them down as an environment.Environment.
func TestTheEnvironmentIsReadAbove(t *testing.T) {
	reads := regexp.MustCompile(`\b(os\.(Getenv|LookupEnv|Environ|ExpandEnv|Setenv|Unsetenv|Clearenv|User\w+Dir)|` +
		`(http\.Proxy|httpproxy\.)FromEnvironment)\(`)
	above := []string{"internal/cli/", "tools/", "internal/benchtest/", "internal/postgrestest/",
		"internal/sandbox/sandboxtest/"}
	goFiles(t, func(path, text string) {
		if strings.HasSuffix(path, "_test.go") || hasPrefix(path, above...) {
			return
		}
		if found := reads.FindString(text); found != "" {
			t.Errorf("%s calls %s…)", path, found)
		}
	})
}
