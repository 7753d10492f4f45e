// Package platform lists the platforms that rtcbench can measure on: each is a package below and a line in All.
package platform

import (
	"maps"
	"slices"

	"rtcbench/bench"
	"rtcbench/internal/platform/daily"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox"
)

// All are the platforms, by name.
var All = map[string]bench.Platform{
	daily.Platform.Name:   daily.Platform,
	livekit.Platform.Name: here(livekit.Platform, inThisProcess),
}

// Names are the names of all platforms, sorted.
func Names() []string { return slices.Sorted(maps.Keys(All)) }

// Titles are what people call the platforms, by name.
func Titles() map[string]string {
	titles := map[string]string{}
	for name, p := range All {
		titles[name] = p.Title
	}
	return titles
}

func here(p bench.Platform, start func() (bench.Place, func() error, error)) bench.Platform {
	p.Here, p.HereIs = start, p.Title+" server in this process"
	return p
}

// inThisProcess is a place on the LiveKit server of this process, which ends with it.
func inThisProcess() (bench.Place, func() error, error) {
	server, err := sandbox.Shared()
	if err != nil {
		return bench.Place{}, nil, err
	}
	return bench.Place{URL: server.URL, Key: server.Key, Secret: server.Secret}, func() error { return nil }, nil
}
