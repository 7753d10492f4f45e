package influx

import (
	"context"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/outbox"
	"rtcbench/internal/result"
)

// Runs that were measured while the server was stopped wait in the outbox, and are delivered once when it is back, also
// when the process died between the server's yes and the outbox's note of it.
func TestTheOutboxWaitsForTheServer(t *testing.T) {
	address, dir := freePort(), t.TempDir()
	o := Options{URL: "http://" + address, Database: "waits", Words: bench.Words{Init: "make it"}}
	start := func() (stop func()) {
		t.Helper()
		_, stop, err := run(launchInflux, dir, address, "/ping")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		return stop
	}
	box := outbox.Open(t.TempDir(), 16<<20)
	const name = "influxdb:here"
	put := func(r bench.Run) bench.Run {
		t.Helper()
		if err := box.Put(result.NewDocument(bench.NewRecord(r)), []string{name}); err != nil {
			t.Fatal(err)
		}
		return r
	}
	deliver := func(delivered, waiting int, says string) {
		t.Helper()
		courier := box.To([]outbox.Target{{Name: name, Open: func(context.Context) (bench.Store, error) {
			return New(o)
		}}}, 15*time.Second)
		defer courier.Close()
		out, err := courier.Deliver(within(t))
		if err != nil || out.Delivered != delivered || out.Waiting != waiting ||
			(len(out.Failures) > 0) != (says != "") {
			t.Fatalf("%+v, %v; want %d delivered, %d waiting", out, err, delivered, waiting)
		}
		for _, f := range out.Failures {
			if f.Final || !strings.Contains(f.Err.Error(), says) {
				t.Errorf("%+v, want one that may pass, with %q", f, says)
			}
		}
	}
	at := time.Now().Add(-time.Hour)

	stop := start()
	put(benchtest.StoredRun(20, at))
	deliver(0, 1, "make it") // the database is not made yet
	s := open(t, o)
	defer s.Close()
	if made, err := s.Init(within(t), bench.Retention{}); err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	deliver(1, 0, "")
	stop()
	twice := put(benchtest.StoredRun(30, at.Add(time.Minute)))
	put(benchtest.StoredRun(40, at.Add(2*time.Minute)))
	deliver(0, 2, "refused")
	deliver(0, 2, "refused")
	start()
	deliver(2, 0, "")
	put(twice)
	deliver(1, 0, "")

	list, err := runs(s, within(t), bench.Query{Samples: true})
	if err != nil || len(list) != 3 {
		t.Fatalf("%d runs, %v; want 3", len(list), err)
	}
	pings := 0
	for _, r := range list {
		pings += r.Counts.Answered
	}
	if n := len(ask(t, o, "SELECT message_number FROM latency_measurements")); n != pings {
		t.Errorf("%d pings, want %d: each once", n, pings)
	}
	if left, err := box.Waiting(); err != nil || len(left) > 0 {
		t.Errorf("%d wait, %v", len(left), err)
	}
}
