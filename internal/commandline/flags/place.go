package flags

import (
	"strconv"
	"strings"

	"rtcbench/internal/fleet"
	"rtcbench/internal/settings"
)

// PlaceGroup are the flags that say who a runner of a fleet is.
type PlaceGroup struct {
	Name     string   `from:"RTCBENCH_PLACE" group:"where" placeholder:"NAME" help:"What this place is called in the fleet; no other has the name (default: the location)."`
	Location string   `short:"l" from:"LOCATION_ID" group:"where" placeholder:"NAME" help:"Where this is, as fra; stored with every run."`
	Lat      string   `from:"RTCBENCH_LAT" group:"where" placeholder:"DEGREES" help:"Latitude, for the map; with --lon."`
	Lon      string   `from:"RTCBENCH_LON" group:"where" placeholder:"DEGREES" help:"Longitude."`
	Label    []string `from:"RTCBENCH_LABELS" group:"where" placeholder:"KEY=VALUE" help:"A label that plans choose by, as region=eu; may be repeated."`
}

// Place reads from the flags who this runner is.
func (f PlaceGroup) Place(c *settings.Check) fleet.Place {
	p := fleet.Place{Name: f.Name, Location: c.Label("location", f.Location, 256), Labels: map[string]string{}}
	if p.Name == "" {
		p.Name = f.Location
	}
	if p.Location == "" {
		p.Location = p.Name
	}
	p.Lat, p.Lon = degrees(c, "lat", f.Lat, 90), degrees(c, "lon", f.Lon, 180)
	if (p.Lat == nil) != (p.Lon == nil) && c.Err == nil {
		c.Err = settings.Usagef("--lat and --lon go together")
	}
	for _, l := range f.Label {
		key, value, ok := strings.Cut(l, "=")
		if !ok || key == "" || value == "" {
			c.Fail("label", l, "KEY=VALUE, as region=eu")
		}
		p.Labels[key] = value
	}
	return p
}

func degrees(c *settings.Check, flag, text string, most float64) *float64 {
	if text == "" {
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= -most && v <= most) {
		c.Fail(flag, text, "degrees from -"+strconv.FormatFloat(most, 'g', -1, 64)+" to "+
			strconv.FormatFloat(most, 'g', -1, 64))
	}
	return &v
}
