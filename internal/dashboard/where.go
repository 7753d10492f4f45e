package dashboard

import (
	_ "embed"
	"encoding/csv"
	"strconv"
	"strings"
	"sync"
)

// Point is the point of a place on the map.
type Point struct {
	Lat  float64 `json:"lat"`
	Lon  float64 `json:"lon"`
	City string  `json:"city"`
}

// regions.csv lists the regions of the clouds in which voice agents run, under the names of the clouds: Amazon, Google,
// Microsoft, and the airport codes of Fly.io. A point is accurate to the city.
//
//go:embed regions.csv
var regionFile string

var regions = sync.OnceValue(func() map[string]Point {
	lines, err := csv.NewReader(strings.NewReader(regionFile)).ReadAll()
	if err != nil {
		panic(err) // regions.csv is embedded, so an error is a mistake of the build
	}
	all := map[string]Point{}
	for _, l := range lines {
		lat, err := strconv.ParseFloat(l[1], 64)
		lon, err2 := strconv.ParseFloat(l[2], 64)
		if err != nil || err2 != nil {
			panic(l[0])
		}
		all[l[0]] = Point{lat, lon, l[3]}
	}
	return all
})

// whereIs is the point of a location that is named like a region. More text may follow the name: fra-1 is in fra. nil =
// no region has the name.
func whereIs(location string) *Point {
	name := strings.ToLower(location)
	for {
		if p, ok := regions()[name]; ok {
			return &p
		}
		at := strings.LastIndexAny(name, "-_.: ")
		if at < 0 {
			return nil
		}
		name = name[:at]
	}
}
