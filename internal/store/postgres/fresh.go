package postgres

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// newOnes are the runs in list that the store does not have, each once. Another run with the ID of one that is there is
// refused. All writers insert in the order of the IDs, so they do not block one another in a circle.
func newOnes(ctx context.Context, tx pgx.Tx, list []bench.Packed) (fresh []bench.Packed, err error) {
	byID := map[string]bench.Packed{}
	for _, p := range list {
		if before, ok := byID[p.ID]; ok {
			if err := result.Kept(before, p); err != nil {
				return nil, fmt.Errorf("run %s: %w", p.ID, err)
			}
			continue
		}
		byID[p.ID] = p
	}
	var ids []string
	var ends []time.Time
	for id, p := range byID {
		ids, ends = append(ids, id), append(ends, p.End)
	}
	rows, err := tx.Query(ctx, "INSERT INTO rtcbench.run_id (id, ended) SELECT * FROM unnest($1::text[]::uuid[], "+
		"$2::timestamptz[]) AS x (id, ended) ORDER BY id ON CONFLICT DO NOTHING RETURNING id::text", ids, ends)
	if err != nil {
		return nil, err
	}
	ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		fresh = append(fresh, byID[id])
		delete(byID, id)
	}
	old := slices.Collect(maps.Keys(byID)) // the other runs have to be in the store already
	var there int64
	if len(old) > 0 {
		if err = tx.QueryRow(ctx, "SELECT count(*) FROM rtcbench.run_id WHERE id = ANY($1::text[]::uuid[])",
			old).Scan(&there); err == nil {
			err = theSame(ctx, tx, old, byID)
		}
	}
	return fresh, cmp.Or(err, taken("run_id", int64(len(fresh))+there, len(fresh)+len(old)))
}

// theSame is an error unless the store's runs with these IDs are those of list.
func theSame(ctx context.Context, tx pgx.Tx, ids []string, list map[string]bench.Packed) error {
	rows, err := tx.Query(ctx, "SELECT "+columnsOfRow+", sample.samples"+from+joinSamples+
		" JOIN rtcbench.run_id ON run_id.id = run.id AND run_id.ended = run.ended "+
		"WHERE run_id.id = ANY($1::text[]::uuid[])", ids)
	if err != nil {
		return err
	}
	kept, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return err
	}
	for _, r := range kept {
		if err := result.Kept(r.Packed.Packed, list[r.id]); err != nil {
			return fmt.Errorf("run %s: %w", r.id, err)
		}
	}
	return nil
}
