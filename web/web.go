// Package web holds what npm builds: the page of the browser engine. A program that was built
// without the npm step holds none, and says so when it is asked.
package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt means that this program was built without the page of the browser engine.
var ErrNotBuilt = errors.New("this build has no browser engine: it was built without the npm step (make build makes a complete one)")

// Engine is the built page: index.html, engine.js, ticker.js.
func Engine() (fs.FS, error) {
	if _, err := fs.Stat(dist, "dist/engine.js"); err != nil {
		return nil, ErrNotBuilt
	}
	return fs.Sub(dist, "dist")
}

// Versions are those of the platforms' SDKs in the page, by their npm names.
func Versions() (map[string]string, error) {
	data, err := fs.ReadFile(dist, "dist/versions.json")
	if err != nil {
		return nil, ErrNotBuilt
	}
	v := map[string]string{}
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, fmt.Errorf("web/dist/versions.json: %w", err)
	}
	return v, nil
}
