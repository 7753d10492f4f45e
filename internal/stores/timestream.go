package stores

import (
	"context"

	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
	"rtcbench/internal/store/timestream"
)

type timestreamFlags struct {
	TSDatabase string `name:"ts-database" from:"TIMESTREAM_DATABASE" group:"store" placeholder:"NAME" help:"Database in Amazon Timestream for LiveAnalytics."`
	TSTable    string `name:"ts-table" from:"TIMESTREAM_TABLE" group:"store" placeholder:"NAME" help:"Its table."`
	TSRegion   string `name:"ts-region" from:"RTCBENCH_TS_REGION,AWS_REGION" group:"store" default:"us-east-1" placeholder:"us-east-1" help:"Its region."`
}

// timestreamKind is Amazon Timestream for LiveAnalytics.
var timestreamKind = kind{"timestream",
	func(s Setup) bool { return s.TSDatabase != "" || s.TSTable != "" }, false,
	Setup.timestream,
}

func (s Setup) timestream(c *settings.Check, _ string) outbox.Target {
	if s.TSDatabase == "" || s.TSTable == "" {
		c.Missing("Timestream needs a database and a table", "ts-database", "ts-table")
	}
	o := timestream.Options{Database: s.TSDatabase, Table: s.TSTable, Region: s.TSRegion, Words: s.Words}
	if err := o.Check(); err != nil && c.Err == nil {
		c.Err = settings.Usagef("%w (--%s, --%s)", err, c.Flag("ts-database"), c.Flag("ts-table"))
	}
	return outbox.Target{Name: o.Name(), Like: o.Like,
		Open: opener(func(ctx context.Context) (*timestream.Store, error) { return timestream.New(ctx, o) })}
}
