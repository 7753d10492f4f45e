// Package web holds what npm builds: the page of the browser engine, and the one that shows runs. A program that was
// built without the npm step holds none, and says so when it is asked.
package web

import (
	"embed"
	"errors"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt means that this program was built without the page of the browser engine.
var ErrNotBuilt = errors.New("this build has no browser engine: it was built without the npm step (make build makes " +
	"a complete one)")

// ErrNoDashboard means that this program was built without the page that shows runs.
var ErrNoDashboard = errors.New("this build has no page: it was built without the npm step (make build makes a " +
	"complete one)")

// Dashboard is the page that shows runs: index.html and what it loads, and what a report consists of.
func Dashboard() (fs.FS, error) {
	if _, err := fs.Stat(dist, "dist/ui/index.html"); err != nil {
		return nil, ErrNoDashboard
	}
	return fs.Sub(dist, "dist/ui")
}

// Engine is the built pages: livekit.html and daily.html with a script each, and the scripts of their workers.
func Engine() (fs.FS, error) {
	for _, name := range []string{"livekit.html", "livekit.js", "daily.html", "daily.js", "ticker.js", "audio.js",
		"booth.js"} {
		if _, err := fs.Stat(dist, "dist/"+name); err != nil {
			return nil, ErrNotBuilt
		}
	}
	return fs.Sub(dist, "dist")
}
