package dashboard

import (
	_ "embed"
	"encoding/csv"
	"strconv"
	"strings"
	"sync"
)

// Point is where a place is on the map.
type Point struct {
	Lat  float64 `json:"lat"`
	Lon  float64 `json:"lon"`
	City string  `json:"city"`
}

// regions.csv has the regions of those clouds in which voice agents run, by the names that the clouds give them:
// Amazon's, Google's, Microsoft's, and the airports of Fly.io. A dot is as near as a city.
//
//go:embed regions.csv
var regionFile string

var regions = sync.OnceValue(func() map[string]Point {
	lines, err := csv.NewReader(strings.NewReader(regionFile)).ReadAll()
	if err != nil {
		panic(err) // the file is ours
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

// whereIs is the point of a location that is called like a region, also with more behind it: fra-1 is fra. nil =
// nobody knows.
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
