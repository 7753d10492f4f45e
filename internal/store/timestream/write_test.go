package timestream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// ready is a service with a table.
func ready(t *testing.T, o Options) (*service, *Store) {
	t.Helper()
	s := startService(t)
	store := s.open(t, o)
	if _, err := store.Init(within(t), bench.Retention{MemoryHours: 24, MagneticDays: 90}); err != nil {
		t.Fatal(err)
	}
	return s, store
}

// TestOriginalRecords: whoever read the original's table reads ours.
func TestOriginalRecords(t *testing.T) {
	s, store := ready(t, Options{})
	none := benchtest.Runs()["no-pong"]
	none.Location, none.ID, none.Start, none.End = "", benchtest.StoredRun(5, recently()).ID, recently(), recently()
	run := benchtest.StoredRun(100, recently().Add(123456*time.Microsecond))
	save(t, store, run, none)
	sum := bench.Summarise(run)
	ms := func(q bench.Quantity) string { return strconv.FormatFloat(float64(q.D)/1e6, 'f', -1, 64) }
	want := map[string]string{
		"total_messages": "BIGINT 100", "successful_messages": "BIGINT 98", "failed_messages": "BIGINT 2",
		"packet_loss_rate": "DOUBLE 0.02",
		"mean_rtt":         "DOUBLE " + ms(sum.Mean), "median_rtt": "DOUBLE " + ms(sum.Median), "min_rtt": "DOUBLE " +
			ms(sum.Min), "max_rtt": "DOUBLE " + ms(sum.Max),
		"std_dev_rtt": "DOUBLE " + ms(sum.StdDev), "p50_rtt": "DOUBLE " + ms(sum.P50), "p95_rtt": "DOUBLE " +
			ms(sum.P95), "p99_rtt": "DOUBLE " + ms(sum.P99), "jitter": "DOUBLE " + ms(sum.Jitter),
	}
	got := map[string]string{}
	var unknown []string
	for _, r := range s.records {
		c := r.columns
		name := c["measure_name"]
		value, single := c["single "+name]
		if !single {
			continue
		}
		if c[dimLocation] == bench.Unknown {
			unknown = append(unknown, name+" "+value)
			continue
		}
		got[name] = s.types["single "+name] + " " + value
		if c[dimPlatform] != "livekit" || c[dimLocation] != "us-west-2" || len(c) != 6 ||
			r.version != run.End.UnixMilli() || c["time"] != run.End.Truncate(time.Millisecond).Format(layout) {
			t.Errorf("%s stands with %v, version %d", name, c, r.version)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	slices.Sort(unknown)
	if want := []string{"failed_messages 0", "successful_messages 0", "total_messages 0"}; !slices.Equal(unknown,
		want) {
		t.Errorf("a run without a pong has %v, want %v: what is not known is left out", unknown, want)
	}
}

func TestPingRecords(t *testing.T) {
	s, store := ready(t, Options{})
	run := benchtest.StoredRun(250, recently())
	run.Samples[1].Sent = run.Samples[0].Sent // two at one instant
	save(t, store, run)
	pings := s.kept(measurePing)
	if len(pings) != 250 {
		t.Fatalf("%d records of pings, want 250: those that were sent", len(pings))
	}
	at, err := time.Parse(layout, pings[0]["time"])
	if off := at.Sub(run.Start.Add(run.Samples[0].Sent)); err != nil || off.Abs() > time.Microsecond {
		t.Errorf("the first stands %v off, %v", off, err)
	}
	if s := run.Samples[0]; pings[0]["round_trip_time"] != strconv.FormatFloat(
		float64(s.RTT.Round(100*time.Nanosecond))/1e6, 'f', -1, 64) ||
		pings[0][dimRun] != run.ID || pings[0][dimPlatform] != "livekit" || pings[0][dimLocation] != "us-west-2" ||
		pings[0]["client_to_server"] == "" {
		t.Errorf("the first is %v", pings[0])
	}
	for i, want := range map[int]string{0: "1 answered", 1: "2 answered", 6: "7 lost", 10: "11 late",
		12: "14 answered"} {
		p := pings[i]
		if got := p["message_number"] + " " + p["outcome"]; got != want {
			t.Errorf("record %d is %q, want %q", i, got, want)
		}
		if (p["round_trip_time"] != "") != strings.HasSuffix(want, "answered") ||
			(p["late_round_trip_time"] != "") != strings.HasSuffix(want, "late") {
			t.Errorf("record %d is %v", i, p)
		}
	}
}

func TestLimitsOfTheService(t *testing.T) {
	s, store := ready(t, Options{})
	long := benchtest.StoredRun(3000, recently())
	long.Location = strings.Repeat("é", 128) // 256 bytes, the most that a file may have
	save(t, store, long)
	if n := len(s.kept(measureSamples)); n < 20 {
		t.Errorf("%d records of samples; want many, of at most 2 KB", n)
	}
	if m := slices.Max(s.writes); m != maxBatch {
		t.Errorf("the largest request had %d records", m)
	}
	for r, err := range store.Runs(within(t), bench.Query{Samples: true}) {
		if err != nil || len(r.Samples) != len(long.Samples) || r.Location != long.Location {
			t.Errorf("%d samples of %d, %v", len(r.Samples), len(long.Samples), err)
		}
	}
	writes := len(s.writes)
	for name, change := range map[string]func(*bench.Run){
		"a location of 10 kB":     func(r *bench.Run) { r.Location = strings.Repeat("x", 10000) },
		"an engine of 2 kB":       func(r *bench.Run) { r.Facts.Engine = strings.Repeat("x", 2000) },
		"a platform that is none": func(r *bench.Run) { r.Platform = "zoom" },
		"20 MB of text": func(r *bench.Run) {
			r.Ended, r.Err = bench.LinkLost, errors.New(strings.Repeat("x", 20<<20))
		},
	} {
		run := benchtest.StoredRun(5, recently())
		change(&run)
		err := store.Save(within(t), bench.NewRecord(run))
		if !errors.Is(err, bench.ErrRejected) || !strings.Contains(err.Error(), run.ID) || len(err.Error()) > 400 {
			t.Errorf("%s: %.400v", name, err)
		}
	}
	if len(s.writes) != writes {
		t.Error("a part of a run that is too large was written")
	}
}

func TestRejectedRecords(t *testing.T) {
	t.Run("retention", func(t *testing.T) {
		_, store := ready(t, Options{})
		run := benchtest.StoredRun(20, time.Now().Add(-100*24*time.Hour))
		err := store.Save(within(t), bench.NewRecord(run))
		if !errors.Is(err, bench.ErrRejected) ||
			!strings.Contains(err.Error(), "total_messages: The record timestamp is outside the time range") ||
			!strings.Contains(err.Error(), "and 8 more records") ||
			!strings.Contains(err.Error(), "magnetic-store writes") {
			t.Error(err)
		}
	})
	t.Run("type conflict", func(t *testing.T) {
		s, store := ready(t, Options{})
		s.types["single p95_rtt"] = "BIGINT"
		err := store.Save(within(t), bench.NewRecord(benchtest.StoredRun(20, recently())))
		if !errors.Is(err, bench.ErrRejected) ||
			!strings.Contains(err.Error(), "p95_rtt: Measure name p95_rtt already has data type BIGINT") ||
			!strings.Contains(err.Error(), "a table of its own") || strings.Contains(err.Error(), "mean_rtt") {
			t.Error(err)
		}
	})
	t.Run("a ping", func(t *testing.T) {
		s, store := ready(t, Options{})
		s.types["message_number"] = "VARCHAR"
		if err := store.Save(within(t), bench.NewRecord(benchtest.StoredRun(3, recently()))); !errors.Is(err,
			bench.ErrRejected) || !strings.Contains(err.Error(), "ping 1: ") ||
			!strings.Contains(err.Error(), "ping 3: ") {
			t.Error(err)
		}
	})
	t.Run("newer there", func(t *testing.T) {
		s, store := ready(t, Options{})
		at := recently()
		// their statistics are the same records
		first, second := benchtest.StoredRun(20, at), benchtest.StoredRun(30, at)
		save(t, store, first, second)
		for key, r := range s.records {
			r.version++
			if _, ok := r.columns["mean_rtt"]; ok {
				r.columns["mean_rtt"] = "1"
			}
			s.records[key] = r
		}
		save(t, store, second)
		if ids, errs := list(t, store, bench.Query{}); len(ids) != 2 || len(errs) > 0 {
			t.Errorf("runs %v, errors %v", ids, errs)
		}
	})
	t.Run("not said which", func(t *testing.T) {
		s, store := ready(t, Options{})
		s.first = func(op string, _ []byte) *reply {
			return map[string]*reply{"WriteRecords": fault(419, "RejectedRecordsException",
				"One or more records have been rejected.")}[op]
		}
		if err := store.Save(within(t), bench.NewRecord(benchtest.StoredRun(3, recently()))); !errors.Is(err,
			bench.ErrRejected) {
			t.Error(err)
		}
	})
}

// TestErrors: what passes by itself is tried again, what does not says whether it ever can.
func TestErrors(t *testing.T) {
	for _, test := range []struct {
		name     string
		answer   *reply
		retried  bool
		rejected bool
		says     string
	}{
		{"throttled", fault(400, "ThrottlingException", "Rate exceeded"), true, false, "Rate exceeded"},
		{"broken", fault(500, "InternalServerException", "oops"), true, false, "oops"},
		{"unavailable", &reply{503, "<html>"}, true, false, "503"},
		{"forbidden", fault(400, "AccessDeniedException", "User is not authorized to perform timestream:WriteRecords"),
			false, true, "forbidden"},
		{"invalid", fault(400, "ValidationException", "the dimension is odd"), false, true, "the dimension is odd"},
		{"no table", fault(400, "ResourceNotFoundException", "The table runs does not exist."), false,
			false, "make it"},
		{"expired", fault(403, "ExpiredTokenException", "The security token included in the request is expired"), false,
			false, "credentials"},
		{"unknown key", fault(403, "UnrecognizedClientException", "The security token included in the request "+
			"is invalid."), false, false, "credentials"},
		{"not a service", &reply{200, "hello"}, false, false, "is this the address of Timestream"},
		{"a proxy", &reply{502, ""}, true, false, "a proxy answers, and the server behind it does not"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, store := ready(t, Options{})
			tries, until := 0, 3
			s.first = func(op string, _ []byte) *reply {
				if tries++; tries <= until {
					return test.answer
				}
				return nil
			}
			err := store.Save(within(t), bench.NewRecord(benchtest.StoredRun(5, recently())))
			if test.retried {
				if err != nil {
					t.Fatalf("after %d tries: %v", tries, err)
				}
				tries, until = 0, 1000
				err = store.Save(within(t), bench.NewRecord(benchtest.StoredRun(5, recently())))
				if tries != attempts {
					t.Errorf("%d tries, want %d", tries, attempts)
				}
			} else if tries != 1 {
				t.Errorf("%d tries, want 1", tries)
			}
			if err == nil || errors.Is(err, bench.ErrRejected) != test.rejected ||
				!strings.Contains(err.Error(), test.says) ||
				!strings.Contains(err.Error(), "timestream:us-east-1/rtcbench/runs") {
				t.Errorf("%v; rejected is to be %v", err, test.rejected)
			}
			for _, never := range []string{secret, "AKIAEXAMPLE"} {
				if strings.Contains(fmt.Sprintf("%+v", err), never) {
					t.Errorf("%v tells a secret", err)
				}
			}
		})
	}
}

func TestSlowService(t *testing.T) {
	s, store := ready(t, Options{timeout: 200 * time.Millisecond})
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	tries := make(chan struct{}, 100)
	s.first = func(op string, _ []byte) *reply {
		tries <- struct{}{}
		if len(tries) <= 2 {
			<-release
		}
		return nil
	}
	save(t, store, benchtest.StoredRun(5, recently()))
	if len(tries) < 3 {
		t.Errorf("%d tries", len(tries))
	}
}

// TestContextEnds: neither a wait between two tries nor a service that hangs outlives the context.
func TestContextEnds(t *testing.T) {
	release := make(chan struct{})
	for name, answer := range map[string]func() *reply{
		"in the wait": func() *reply { return fault(400, "ThrottlingException", "Rate exceeded") },
		"in a try":    func() *reply { <-release; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			s, store := ready(t, Options{backoff: func(int) time.Duration { return time.Hour }})
			ctx, cancel := context.WithCancel(within(t))
			s.first = func(string, []byte) *reply { cancel(); return answer() }
			err := store.Save(ctx, bench.NewRecord(benchtest.StoredRun(5, recently())))
			if !errors.Is(err, context.Canceled) || errors.Is(err, bench.ErrRejected) {
				t.Error(err)
			}
			if name == "in a try" {
				close(release)
			}
		})
	}
}

func TestServiceIsDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://user:"+secret+"@"+l.Addr().String())
	l.Close()
	store, err := New(within(t), Options{Database: "rtcbench", Table: "runs", backoff: func(int) time.Duration {
		return 0
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	err = store.Save(within(t), bench.NewRecord(benchtest.StoredRun(5, recently())))
	if err == nil || errors.Is(err, bench.ErrRejected) || strings.Contains(err.Error(), secret) ||
		!strings.Contains(err.Error(), "is the server running there?") {
		t.Error(err)
	}
}

func TestSQL(t *testing.T) {
	for in, want := range map[string]string{"": "''", "us-west-2": "'us-west-2'", "x' OR '1'='1": "'x'' OR ''1''=''1'",
		`\'`: `'\'''`, "a\nb": "'a\nb'", `"`: `'"'`} {
		if got := literal(in); got != want {
			t.Errorf("literal %q: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"run_id": `"run_id"`, `a"b`: `"a""b"`, `"; DROP`: `"""; DROP"`} {
		if got := identifier(in); got != want {
			t.Errorf("identifier %q: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[time.Time]string{
		time.Unix(1732363200, 123456789): "TIMESTAMP '2024-11-23 12:00:00.123456789'",
		time.Unix(-5, 0):                 "TIMESTAMP '1970-01-01 00:00:00.000000000'",
		time.Unix(1<<40, 0):              "TIMESTAMP '2262-04-11 23:47:16.854775807'",
	} {
		if got := instant(in); got != want {
			t.Errorf("instant %v: %s, want %s", in, got, want)
		}
	}
	s := &Store{database: "a", table: "b"}
	want := `SELECT "run_id", "time" FROM "a"."b" WHERE "measure_name" IN ('rtcbench_run') AND "run_id" = 'x''' AND ` +
		`"location_id" = '''' ORDER BY "time" DESC, "run_id" DESC LIMIT 3`
	if got := s.selectLast(bench.Query{ID: "x'", Location: "'", Limit: 3}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
