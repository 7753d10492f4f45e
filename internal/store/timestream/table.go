package timestream

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite/types"
)

// Retention that Init gives when nobody says another.
const (
	DefaultMemoryHours  = 24
	DefaultMagneticDays = 90
)

// Init makes the database and the table when they are missing, with this retention and with magnetic-store
// writes on, because a run that waited in the outbox is late data. What is there is left as it is. It
// returns a line for each, for the user.
func (s *Store) Init(ctx context.Context, memoryHours, magneticDays int64) ([]string, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	// Developer Guide, "Quotas".
	if memoryHours < 1 || memoryHours > 8766 {
		return nil, fmt.Errorf("%s: memory retention of %d h: Timestream takes 1 to 8766", s, memoryHours)
	}
	if magneticDays < 1 || magneticDays > 73000 {
		return nil, fmt.Errorf("%s: magnetic retention of %d days: Timestream takes 1 to 73000", s, magneticDays)
	}
	database, err := s.initDatabase(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: make the database: %w", s, err)
	}
	table, err := s.initTable(ctx, memoryHours, magneticDays)
	if err != nil {
		return []string{database}, fmt.Errorf("%s: make the table: %w", s, err)
	}
	return []string{database, table}, nil
}

func (s *Store) initDatabase(ctx context.Context) (string, error) {
	_, err := s.write.DescribeDatabase(ctx, &timestreamwrite.DescribeDatabaseInput{DatabaseName: aws.String(s.database)})
	if isNotFound(err) {
		_, err = s.write.CreateDatabase(ctx, &timestreamwrite.CreateDatabaseInput{DatabaseName: aws.String(s.database)})
		if err == nil {
			return fmt.Sprintf("made the database %s in %s", s.database, s.region), nil
		}
	}
	if err != nil && !isConflict(err) { // somebody else has just made it
		err, _ = s.explain(ctx, err)
		return "", err
	}
	return fmt.Sprintf("the database %s is there", s.database), nil
}

func (s *Store) initTable(ctx context.Context, memoryHours, magneticDays int64) (string, error) {
	out, err := s.write.DescribeTable(ctx, &timestreamwrite.DescribeTableInput{DatabaseName: aws.String(s.database), TableName: aws.String(s.table)})
	if err == nil {
		return s.describe(out.Table), nil
	}
	if isNotFound(err) {
		_, err = s.write.CreateTable(ctx, &timestreamwrite.CreateTableInput{
			DatabaseName: aws.String(s.database), TableName: aws.String(s.table),
			RetentionProperties: &types.RetentionProperties{
				MemoryStoreRetentionPeriodInHours: aws.Int64(memoryHours), MagneticStoreRetentionPeriodInDays: aws.Int64(magneticDays),
			},
			MagneticStoreWriteProperties: &types.MagneticStoreWriteProperties{EnableMagneticStoreWrites: aws.Bool(true)},
		})
		if err == nil {
			return fmt.Sprintf("made the table %s: %d h in memory, %d days in the magnetic store, whose writes are on", s.table, memoryHours, magneticDays), nil
		}
	}
	if !isConflict(err) {
		err, _ = s.explain(ctx, err)
		return "", err
	}
	return fmt.Sprintf("the table %s is there", s.table), nil
}

// describe says how a table keeps what is written to it, which is the user's choice.
func (s *Store) describe(t *types.Table) string {
	line := fmt.Sprintf("the table %s is there", s.table)
	if t == nil {
		return line
	}
	if r := t.RetentionProperties; r != nil {
		line += fmt.Sprintf(": %d h in memory, %d days in the magnetic store", aws.ToInt64(r.MemoryStoreRetentionPeriodInHours), aws.ToInt64(r.MagneticStoreRetentionPeriodInDays))
	}
	if w := t.MagneticStoreWriteProperties; w == nil || !aws.ToBool(w.EnableMagneticStoreWrites) {
		line += "; its magnetic-store writes are off: it will reject runs that waited longer than the memory retention (turn them on: aws timestream-write update-table)"
	}
	return line
}

func isNotFound(err error) bool {
	var e *types.ResourceNotFoundException
	return errors.As(err, &e)
}

func isConflict(err error) bool {
	var e *types.ConflictException
	return errors.As(err, &e)
}
