package stores

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"unicode"

	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
	"rtcbench/internal/store/influx"
)

type influxFlags struct {
	InfluxURL      string `name:"influxdb-url" from:"INFLUXDB_URL" group:"store" placeholder:"URL" help:"InfluxDB, also Amazon Timestream for InfluxDB, or VictoriaMetrics for writing."`
	InfluxToken    string `name:"influxdb-token" from:"INFLUXDB_TOKEN" group:"store" placeholder:"TOKEN" help:"Its token, or USER:PASSWORD."`
	InfluxOrg      string `name:"influxdb-org" from:"INFLUXDB_ORG" group:"store" placeholder:"NAME" help:"Its organisation (default: default, as the original has it; only version 2 asks)."`
	InfluxDatabase string `name:"influxdb-database" from:"INFLUXDB_DATABASE" group:"store" placeholder:"NAME" help:"Its database or bucket (default: voice-rtc-benchmarks, as the original has it)."`
}

// influxKind is InfluxDB and what speaks its protocol.
var influxKind = kind{"influxdb", func(s Setup) bool { return s.InfluxURL != "" }, false, Setup.influx}

func (s Setup) influx(c *settings.Check, _ string) outbox.Target {
	if s.InfluxURL == "" {
		c.Missing("InfluxDB needs a URL", "influxdb-url")
	}
	o := influx.Options{URL: c.ServerURL("influxdb-url", s.InfluxURL, "https", "http"), Token: s.InfluxToken,
		Words: s.Words}
	// the original's settings leave these out
	o.Org, o.Database = s.InfluxOrg, cmp.Or(s.InfluxDatabase, "voice-rtc-benchmarks")
	if strings.ContainsFunc(strings.TrimSpace(o.Token), unicode.IsControl) {
		c.FailAs("influxdb-token", "(not shown)", "a token without line breaks or other control characters")
	}
	if u, err := url.Parse(o.URL); err == nil && u.User != nil { // c has what is wrong
		c.FailAs("influxdb-url", "(not shown)", "a URL without user and password; give them as USER:PASSWORD to "+
			c.Ways("influxdb-token"))
	}
	open := opener(func(context.Context) (*influx.Store, error) { return influx.New(o) })
	return outbox.Target{Name: o.Name(), Open: open, Like: o.Like}
}
