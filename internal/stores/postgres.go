package stores

import (
	"context"
	"strings"

	"rtcbench/internal/outbox"
	"rtcbench/internal/settings"
	"rtcbench/internal/store/postgres"
)

// postgresKind is PostgreSQL, by its URL, in both spellings that there are.
var postgresKind, postgresqlKind = kind{"postgres", onlyNamed, true, Setup.postgres},
	kind{"postgresql", onlyNamed, true, Setup.postgres}

// onlyNamed is of a store that nothing turns on but its name.
func onlyNamed(Setup) bool { return false }

func (s Setup) postgres(c *settings.Check, url string) outbox.Target {
	if url != "" && !strings.HasPrefix(url, "//") { // as the store is called in lists: without a password
		url = "//" + url
	}
	o := postgres.Options{URL: postgres.Kind + url, Words: s.Words}
	if err := o.Check(); err != nil {
		c.FailAs("store", "postgres:… (not shown)", "the URL of a database: "+err.Error())
		return outbox.Target{}
	}
	return outbox.Target{Name: o.Name(), Like: o.Like,
		Open: opener(func(ctx context.Context) (*postgres.Store, error) { return postgres.New(ctx, o) })}
}
