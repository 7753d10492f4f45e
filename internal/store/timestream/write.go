package timestream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"rtcbench/bench"
)

// Save writes r. Requests that were throttled, timed out or failed at the service are repeated until ctx ends.
func (s *Store) Save(ctx context.Context, r bench.Record) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	batches, err := recordsOf(r)
	if err != nil {
		return fmt.Errorf("%s: run %s: %w", s, r.ID, err)
	}
	for _, b := range batches {
		for records := range slices.Chunk(b.records, maxBatch) {
			if err := s.put(ctx, b.common, records); err != nil {
				return fmt.Errorf("%s: write run %s: %w", s, r.ID, err)
			}
		}
	}
	return nil
}

func (s *Store) put(ctx context.Context, common types.Record, records []types.Record) error {
	out, err := s.write.WriteRecords(ctx, &timestreamwrite.WriteRecordsInput{
		DatabaseName: aws.String(s.database), TableName: aws.String(s.table), CommonAttributes: &common,
		Records: records,
	})
	var rejected *types.RejectedRecordsException
	if errors.As(err, &rejected) {
		return s.sent.secrets().Error(explainRejected(rejected.RejectedRecords, common, records), 5*maxReason)
	}
	if err == nil {
		return s.ingested(out, len(records))
	}
	err, final := s.explain(ctx, err)
	if final {
		return fmt.Errorf("%w: %w", bench.ErrRejected, err)
	}
	return err
}

// ingested is an error unless the answer has status 200 and says that all records were accepted (API reference,
// WriteRecords). The page of a proxy says no such thing.
func (s *Store) ingested(out *timestreamwrite.WriteRecordsOutput, want int) error {
	status := 0
	if out != nil {
		if answer, ok := awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response); ok {
			status = answer.StatusCode
		}
	}
	switch {
	case status != http.StatusOK:
		return fmt.Errorf("in region %s: the answer is HTTP %d, and Timestream says 200: it is not Timestream's",
			s.region, status)
	case out.RecordsIngested == nil:
		return fmt.Errorf("in region %s: the answer does not say how many records were taken: it is not Timestream's",
			s.region)
	case int(out.RecordsIngested.Total) != want:
		return failed{fmt.Errorf("in region %s: %d of %d records were taken", s.region, out.RecordsIngested.Total,
			want)}
	}
	return nil
}

// told is how many rejected records an error names. Most are rejected for the same reason.
const told = 5

// explainRejected says which records were rejected, and why. The other records of the request were written (API
// reference, WriteRecords). A record that the table has already, in this version or a newer one, counts as written.
func explainRejected(rejected []types.RejectedRecord, common types.Record, records []types.Record) error {
	var lines []string
	more := 0
	for _, r := range rejected {
		reason := strings.TrimSpace(aws.ToString(r.Reason))
		if r.ExistingVersion != nil && *r.ExistingVersion >= aws.ToInt64(common.Version) ||
			strings.Contains(reason, "already exists") {
			continue
		}
		if len(lines) == told {
			more++
			continue
		}
		which := fmt.Sprintf("record %d", r.RecordIndex)
		if i := int(r.RecordIndex); i >= 0 && i < len(records) {
			which = aws.ToString(records[i].MeasureName)
			if number := pingNumber(records[i]); number != "" {
				which += " " + number
			}
		}
		lines = append(lines, which+": "+reason+whyRejected(reason))
	}
	if len(lines) == 0 {
		if len(rejected) == 0 {
			return fmt.Errorf("%w: Timestream rejected records and did not say which", bench.ErrRejected)
		}
		return nil
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more records", more))
	}
	return fmt.Errorf("%w: %s", bench.ErrRejected, strings.Join(lines, "; "))
}

func pingNumber(r types.Record) string {
	for _, m := range r.MeasureValues {
		if *m.Name == "message_number" {
			return *m.Value
		}
	}
	return ""
}

// whyRejected says what the user can do about a rejected record.
func whyRejected(reason string) string {
	lower := strings.ToLower(reason)
	switch {
	case strings.Contains(lower, "time range") || strings.Contains(lower, "retention") ||
		strings.Contains(lower, "timestamp"):
		return " (older than the table takes, or in the future: look at its retention, and whether magnetic-store " +
			"writes are on)"
	case strings.Contains(lower, "type"):
		return " (the table has a column of this name with another type: use a table of its own)"
	}
	return ""
}
