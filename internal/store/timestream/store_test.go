package timestream

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite"
	"github.com/google/uuid"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

const deadline = 60 * time.Second

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	t.Cleanup(cancel)
	return ctx
}

// open opens a table of s, which is made when it is missing.
func (s *service) open(t *testing.T, o Options) *Store {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", s.url)
	o.Database, o.Table, o.Words = "rtcbench", "runs", bench.Words{Init: "make it"}
	if o.backoff == nil {
		o.backoff = func(int) time.Duration { return 0 }
	}
	store, err := New(within(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func recently() time.Time { return time.Now().Add(-10 * time.Minute).Truncate(time.Millisecond).UTC() }

func save(t *testing.T, s *Store, runs ...bench.Run) {
	t.Helper()
	for _, r := range runs {
		if err := s.Save(within(t), bench.NewRecord(r)); err != nil {
			t.Fatal(err)
		}
	}
}

// list gives the IDs of the runs that q asks for, and the errors.
func list(t *testing.T, s *Store, q bench.Query) (ids []string, errs []error) {
	t.Helper()
	for r, err := range s.Runs(within(t), q) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		ids = append(ids, r.ID)
	}
	return ids, errs
}

func TestConformance(t *testing.T) {
	benchtest.TestStore(t, func(t *testing.T) benchtest.StoreUnderTest {
		s := startService(t)
		if _, err := s.open(t, Options{}).Init(within(t),
			bench.Retention{MemoryHours: DefaultMemoryHours, MagneticDays: DefaultMagneticDays}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if s.again > 0 {
				t.Errorf("%d requests were sent again though nothing failed", s.again)
			}
		})
		return benchtest.StoreUnderTest{
			Level: benchtest.ReadsSamples,
			Open:  func(t *testing.T) bench.Store { return s.open(t, Options{}) },
			Corrupt: func(t *testing.T, id string) {
				s.change(id, measureDocument, func(c map[string]string) bool {
					c[columnText] = strings.Replace(c[columnText], ":", ";", 1)
					return true
				})
			},
			Alter: func(t *testing.T, id, from, to string) {
				s.change(id, measureDocument, func(c map[string]string) bool {
					c[columnText] = strings.Replace(c[columnText], from, to, 1)
					return true
				})
			},
			Keeps: true,
		}
	})
}

// TestMoto needs nothing that is played: moto takes what a store writes, and has no run to give back.
func TestMoto(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", moto(t))
	ctx, database := within(t), "alone-"+uuid.NewString()
	s, err := New(ctx, Options{Database: database, Table: "runs", Region: "us-west-2",
		Words: bench.Words{Init: "make it"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	run := benchtest.StoredRun(250, recently())
	if err := s.Save(ctx, bench.NewRecord(run)); err == nil || errors.Is(err, bench.ErrRejected) ||
		!strings.Contains(err.Error(), "make it") {
		t.Errorf("without a table: %v; want an error that says how to make it, and may pass", err)
	}
	for _, want := range []string{"the database " + database + " in us-west-2; the table runs: 36 h in the memory " +
		"store, 45 days in the magnetic store, whose writes are on", ""} {
		made, err := s.Init(ctx, bench.Retention{MemoryHours: 36, MagneticDays: 45})
		if got := strings.Join(made, "; "); err != nil || got != want {
			t.Errorf("init: %q, %v; want %q", got, err, want)
		}
	}
	out, err := s.write.DescribeTable(ctx, &timestreamwrite.DescribeTableInput{DatabaseName: aws.String(database),
		TableName: aws.String("runs")})
	if err != nil {
		t.Fatal(err)
	}
	if r := out.Table.RetentionProperties; *r.MemoryStoreRetentionPeriodInHours != 36 ||
		*r.MagneticStoreRetentionPeriodInDays != 45 ||
		!*out.Table.MagneticStoreWriteProperties.EnableMagneticStoreWrites {
		t.Errorf("moto has the table %+v", out.Table)
	}
	if err := s.Save(ctx, bench.NewRecord(run)); err != nil {
		t.Fatal(err)
	}
	records, err := recordsOf(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, b := range records {
		want += len(b.records)
	}
	if got := motoRecords(t, database); got != want || want < 250+13 {
		t.Errorf("moto has %d records, want %d", got, want)
	}
	if ids, errs := list(t, s, bench.Query{}); len(ids)+len(errs) > 0 {
		t.Errorf("moto gave the runs %v, errors %v", ids, errs)
	}
}

// motoRecords counts what moto holds of a database, as it tells of itself.
func motoRecords(t *testing.T, database string) int {
	res, err := http.Get(moto(t) + "/moto-api/data.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var data map[string]map[string][]struct {
		DB      string            `json:"db_name"`
		Records []json.RawMessage `json:"records"`
	}
	if err := json.NewDecoder(res.Body).Decode(&data); err != nil {
		t.Fatal(err)
	}
	for _, x := range data["timestreamwrite"]["TimestreamTable"] {
		if x.DB == database {
			return len(x.Records)
		}
	}
	return 0
}

func TestInitRefusesRetention(t *testing.T) {
	s := startService(t).open(t, Options{})
	for _, r := range [][2]int{{0, 90}, {9000, 90}, {24, 0}, {24, 80000}} {
		if _, err := s.Init(within(t), bench.Retention{MemoryHours: r[0], MagneticDays: r[1]}); err == nil ||
			!strings.Contains(err.Error(), "Timestream takes 1 to") {
			t.Errorf("retention of %d h and %d days: %v", r[0], r[1], err)
		}
	}
}

func TestInitTellsOfAnUnfitTable(t *testing.T) {
	s := startService(t)
	s.first = func(operation string, _ []byte) *reply {
		if operation != "DescribeTable" {
			return nil
		}
		return &reply{200,
			`{"Table":{"TableName":"runs","RetentionProperties":{"MemoryStoreRetentionPeriodInHours":6,` +
				`"MagneticStoreRetentionPeriodInDays":7},"MagneticStoreWriteProperties":` +
				`{"EnableMagneticStoreWrites":false}}}`}
	}
	made, err := s.open(t, Options{}).Init(within(t), bench.Retention{MemoryHours: 24, MagneticDays: 90})
	if err == nil || !strings.Contains(err.Error(), "its magnetic-store writes are off") {
		t.Errorf("made %q, %v", made, err)
	}
}

// TestInitAmongOthers: two that make the same table at one time are both content.
func TestInitAmongOthers(t *testing.T) {
	s := startService(t)
	s.first = func(operation string, _ []byte) *reply {
		if strings.HasPrefix(operation, "Describe") {
			return fault(400, "ResourceNotFoundException", "It does not exist.")
		}
		return fault(409, "ConflictException", "It already exists.")
	}
	if made, err := s.open(t, Options{}).Init(within(t),
		bench.Retention{MemoryHours: 24, MagneticDays: 90}); err != nil || made != nil {
		t.Errorf("made %q, %v", made, err)
	}
}

func TestNames(t *testing.T) {
	for _, o := range []Options{{Table: "runs"}, {Database: "rtcbench"}, {Database: `a"b`, Table: "runs"},
		{Database: "rtcbench", Table: "no blanks"}} {
		if _, err := New(within(t), o); err == nil || !strings.Contains(err.Error(), "a name has 3 to 256") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	s, err := New(within(t), Options{Database: "rtcbench", Table: "runs"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.String() != "timestream:us-east-1/rtcbench/runs" || s.region != "us-east-1" {
		t.Errorf("%s in %s", s, s.region)
	}
}

// TestEmptyTable: a table has no columns of ours before the first run, and a query for them is invalid.
func TestEmptyTable(t *testing.T) {
	s := startService(t)
	store := s.open(t, Options{})
	for _, q := range []bench.Query{{}, {Limit: 5}, {Platform: "daily", Samples: true}} {
		if ids, errs := list(t, store, q); len(ids)+len(errs) > 0 {
			t.Errorf("%+v: runs %v, errors %v", q, ids, errs)
		}
	}
	if !slices.Contains(s.queries, `DESCRIBE "rtcbench"."runs"`) {
		t.Errorf("the queries were %q", s.queries)
	}
}

func TestLimitAmongRunsOfOneInstant(t *testing.T) {
	s := startService(t)
	store := s.open(t, Options{})
	if _, err := store.Init(within(t), bench.Retention{MemoryHours: 24, MagneticDays: 90}); err != nil {
		t.Fatal(err)
	}
	at := recently()
	var ids []string
	for range 5 {
		r := benchtest.StoredRun(5, at)
		ids = append(ids, r.ID)
		save(t, store, r)
	}
	got, errs := list(t, store, bench.Query{Limit: 2})
	if len(errs) > 0 || !slices.Equal(got, ids[3:]) {
		t.Errorf("runs %v, errors %v; want %v", got, errs, ids[3:])
	}
}

func TestPagesThatFail(t *testing.T) {
	s := startService(t)
	store := s.open(t, Options{})
	if _, err := store.Init(within(t), bench.Retention{MemoryHours: 24, MagneticDays: 90}); err != nil {
		t.Fatal(err)
	}
	at := recently()
	for i := range 6 {
		save(t, store, benchtest.StoredRun(5, at.Add(time.Duration(i)*time.Second)))
	}
	pages := 0
	s.first = func(operation string, _ []byte) *reply {
		if operation == "Query" {
			if pages++; pages > 3 {
				return fault(400, "ValidationException", "Invalid pagination token.")
			}
		}
		return nil
	}
	ids, errs := list(t, store, bench.Query{})
	if len(ids) == 0 || len(ids) == 6 || len(errs) != 1 || errors.Is(errs[0], bench.ErrRejected) ||
		!strings.Contains(errs[0].Error(), "Invalid pagination token") {
		t.Errorf("runs %v, errors %v; want some runs and then one error", ids, errs)
	}
}

// TestUnfinishedRun: a run whose writing stopped in the middle is not seen, and is complete after the next try.
func TestUnfinishedRun(t *testing.T) {
	s := startService(t)
	store := s.open(t, Options{})
	if _, err := store.Init(within(t), bench.Retention{MemoryHours: 24, MagneticDays: 90}); err != nil {
		t.Fatal(err)
	}
	whole, run := benchtest.StoredRun(5, recently()), benchtest.StoredRun(300, recently())
	save(t, store, whole)
	batches, err := recordsOf(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	requests := 0
	for _, b := range batches {
		requests += (len(b.records) + maxBatch - 1) / maxBatch
	}
	for stop := range requests {
		n := 0
		s.first = func(operation string, _ []byte) *reply {
			if operation != "WriteRecords" {
				return nil
			}
			if n++; n > stop {
				return fault(400, "AccessDeniedException", "no") // the process ends here
			}
			return nil
		}
		if err := store.Save(within(t), bench.NewRecord(run)); err == nil {
			t.Fatalf("saved with %d of %d requests", stop, requests)
		}
		if ids, errs := list(t, store, bench.Query{Samples: true}); !slices.Equal(ids, []string{whole.ID}) ||
			len(errs) > 0 {
			t.Fatalf("after %d of %d requests: runs %v, errors %v", stop, requests, ids, errs)
		}
	}
	s.first = nil
	save(t, store, run)
	if ids, errs := list(t, store, bench.Query{Samples: true}); len(ids) != 2 || len(errs) > 0 {
		t.Errorf("runs %v, errors %v", ids, errs)
	}
	if got := len(s.kept(measureRun)); got != 2 {
		t.Errorf("%d records of two runs", got)
	}
}

func TestMissingPart(t *testing.T) {
	s := startService(t)
	store := s.open(t, Options{})
	if _, err := store.Init(within(t), bench.Retention{MemoryHours: 24, MagneticDays: 90}); err != nil {
		t.Fatal(err)
	}
	run := benchtest.StoredRun(3000, recently())
	save(t, store, run)
	s.change(run.ID, measureSamples, func(c map[string]string) bool { return c[dimPart] != "0002" })
	_, errs := list(t, store, bench.Query{Samples: true})
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), run.ID) || !strings.Contains(errs[0].Error(), "part 3 of") {
		t.Errorf("errors %v", errs)
	}
	if ids, errs := list(t, store, bench.Query{}); len(ids) != 1 || len(errs) > 0 {
		t.Errorf("without samples: runs %v, errors %v", ids, errs)
	}
}
