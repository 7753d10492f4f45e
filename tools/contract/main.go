// Command contract writes what is made of the lists in bench, internal/result and internal/browser/contract: the types
// and constants of the engine's page in web/src/contract.ts, those of the page that shows runs in web/ui/contract.ts,
// and the counts, statistics and facts of
// docs/result.schema.json. go generate ./... calls it. Its test fails where one of the two files is stale.
//
// It is ours because no generator of types knows which counts the page has to tell, or how a column is made of a field.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// made are the files that are made, under the root of the module: of what is there, what should be.
var made = []struct {
	path string
	of   func(root, there string) (string, error)
}{
	{"web/src/contract.ts", func(root, _ string) (string, error) { return typeScript(root) }},
	{"docs/result.schema.json", schema},
	{"web/ui/contract.ts", views},
}

func main() {
	root := flag.String("root", ".", "the root of the module")
	flag.Parse()
	for _, f := range made {
		if err := write(*root, f.path, f.of); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", f.path, err)
			os.Exit(1)
		}
	}
}

func write(root, path string, of func(root, there string) (string, error)) error {
	path = filepath.Join(root, path)
	there, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	text, err := of(root, string(there))
	if err != nil || text == string(there) {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
