package cli

import (
	"context"
	"fmt"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/loopback"
	"rtcbench/internal/platform"
)

// ether is a platform that only these tests know, of rooms in this process: testdata/script/other.txtar measures on it.
// It is what a new platform has to bring.
func init() {
	platform.All["ether"] = bench.Platform{
		Name: "ether", Title: "Ether", Engines: []string{bench.Native}, Transport: &loopback.Transport{},
		Media: []bench.TransportClass{bench.InProcess, bench.RTPAudio},
		Meet:  func(where bench.Place, _ time.Duration) bench.Meeting { return etherRoom{where} },
	}
	jobCommands = append(jobCommands, "ether")
}

type etherRoom struct{ bench.Place }

func (m etherRoom) String() string             { return fmt.Sprintf("room %q", m.Room) }
func (m etherRoom) URL() string                { return m.Place.URL }
func (m etherRoom) Open(context.Context) error { return nil }
func (m etherRoom) Seat(_ bench.Role, identity string) (bench.Seat, error) {
	return bench.Seat{Room: bench.Room{URL: m.Place.URL, Name: m.Room}, Identity: identity}, nil
}
func (m etherRoom) Explain(_ context.Context, _ bench.Seat, err error) error  { return err }
func (m etherRoom) Complete(_ context.Context, _ *bench.Run, err error) error { return err }
func (m etherRoom) Delete(context.Context) error                              { return nil }
