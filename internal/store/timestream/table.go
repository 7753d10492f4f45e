package timestream

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite/types"

	"rtcbench/bench"
)

// DefaultMemoryHours and DefaultMagneticDays are the default retention of a table that Init makes.
const (
	DefaultMemoryHours  = 24
	DefaultMagneticDays = 90
)

// Init makes the database and the table if they are missing. made are their names. The table has the retention keep,
// and magnetic-store writes are on: a run that waited in the outbox is late data. An existing table is not changed. If
// its magnetic-store writes are off, the error says what to do.
func (s *Store) Init(ctx context.Context, keep bench.Retention) (made []string, err error) {
	memoryHours, magneticDays := keep.MemoryHours, keep.MagneticDays
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
	done, err := s.initDatabase(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: make the database: %w", s, err)
	}
	if done {
		made = append(made, fmt.Sprintf("the database %s in %s", s.database, s.region))
	}
	if done, err = s.initTable(ctx, int64(memoryHours), int64(magneticDays)); err != nil {
		return made, fmt.Errorf("%s: make the table: %w", s, err)
	}
	if done {
		made = append(made, fmt.Sprintf("the table %s: %d h in the memory store, %d days in the magnetic store, "+
			"whose writes are on", s.table, memoryHours, magneticDays))
	}
	return made, nil
}

var errNoAnswer = errors.New("the answer is not one of Timestream's")

func (s *Store) initDatabase(ctx context.Context) (made bool, err error) {
	out, err := s.write.DescribeDatabase(ctx,
		&timestreamwrite.DescribeDatabaseInput{DatabaseName: aws.String(s.database)})
	if err == nil && out.Database == nil {
		return false, errNoAnswer
	}
	if isNotFound(err) {
		var out *timestreamwrite.CreateDatabaseOutput
		out, err = s.write.CreateDatabase(ctx,
			&timestreamwrite.CreateDatabaseInput{DatabaseName: aws.String(s.database)})
		if err == nil && out.Database == nil {
			return false, errNoAnswer
		}
		made = err == nil
	}
	return made, s.unlessConflict(ctx, err)
}

func (s *Store) initTable(ctx context.Context, memoryHours, magneticDays int64) (made bool, err error) {
	out, err := s.write.DescribeTable(ctx, &timestreamwrite.DescribeTableInput{DatabaseName: aws.String(s.database),
		TableName: aws.String(s.table)})
	if err == nil {
		if out.Table == nil {
			return false, errNoAnswer
		}
		if p := out.Table.MagneticStoreWriteProperties; p == nil || !aws.ToBool(p.EnableMagneticStoreWrites) {
			return false, errors.New("it is there, but its magnetic-store writes are off: it would reject runs that " +
				"waited longer than its memory retention (aws timestream-write update-table " +
				"--magnetic-store-write-properties EnableMagneticStoreWrites=true turns them on)")
		}
		return false, nil
	}
	if isNotFound(err) {
		var out *timestreamwrite.CreateTableOutput
		out, err = s.write.CreateTable(ctx, &timestreamwrite.CreateTableInput{
			DatabaseName: aws.String(s.database), TableName: aws.String(s.table),
			RetentionProperties: &types.RetentionProperties{
				MemoryStoreRetentionPeriodInHours:  aws.Int64(memoryHours),
				MagneticStoreRetentionPeriodInDays: aws.Int64(magneticDays),
			},
			MagneticStoreWriteProperties: &types.MagneticStoreWriteProperties{
				EnableMagneticStoreWrites: aws.Bool(true)},
		})
		if err == nil && out.Table == nil {
			return false, errNoAnswer
		}
		made = err == nil
	}
	return made, s.unlessConflict(ctx, err)
}

// unlessConflict explains err. A conflict is no error: somebody else has made it meanwhile.
func (s *Store) unlessConflict(ctx context.Context, err error) error {
	var conflict *types.ConflictException
	if err == nil || errors.As(err, &conflict) {
		return nil
	}
	err, _ = s.explain(ctx, err)
	return err
}

func isNotFound(err error) bool {
	var e *types.ResourceNotFoundException
	return errors.As(err, &e)
}
