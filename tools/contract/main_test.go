package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestNothingIsStale: what is made of the lists is what they say.
func TestNothingIsStale(t *testing.T) {
	const root = "../.."
	for _, f := range made {
		there, err := os.ReadFile(filepath.Join(root, f.path))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := f.of(root, string(there)); err != nil || text != string(there) {
			t.Errorf("%s is stale (go generate ./... writes it anew): %v", f.path, err)
		}
	}
}
