package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// columns is how long a line may be; a tab counts as four.
const columns = 120

// TestLinesAreShort: no line of Go, TypeScript or Markdown's prose is longer than columns. What cannot be broken is an
// exception: the tag of a struct's field, a table's row, a command in a block of code, and a link that is a line by
// itself.
func TestLinesAreShort(t *testing.T) {
	ownFiles(t, []string{".go", ".ts", ".mjs", ".md"}, func(path, text string) {
		exempt := exemptLines(t, path, text)
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "    ")
			if long := utf8.RuneCountInString(line); long > columns && !exempt[n] {
				t.Errorf("%s:%d has %d columns, %d are the most", path, n, long, columns)
			}
		}
	})
}

// exemptLines are the numbers of the lines that cannot be broken.
func exemptLines(t *testing.T, path, text string) map[int]bool {
	t.Helper()
	exempt := map[int]bool{}
	switch filepath.Ext(path) {
	case ".go":
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.Field); ok && f.Tag != nil {
				exempt[files.Position(f.Tag.Pos()).Line] = true
			}
			return true
		})
	case ".md":
		link := regexp.MustCompile(`^\s*(- )?!?\[[^\]]*\](\([^)]*\)|: \S+)$`)
		block, n := false, 0
		for line := range strings.Lines(text) {
			n++
			fence := strings.HasPrefix(strings.TrimSpace(line), "```")
			block = block != fence
			if block || strings.HasPrefix(line, "|") || link.MatchString(strings.TrimRight(line, "\n")) {
				exempt[n] = true
			}
		}
	}
	return exempt
}
