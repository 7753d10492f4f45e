package result

import (
	"bytes"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// BenchmarkMillion is what a run of a million pings costs in each step of its life, and what looking through one field
// of all samples costs with the samples as they are, in rows, and in columns: docs/decisions/samples-in-rows.md.
func BenchmarkMillion(b *testing.B) {
	run := benchtest.Run(1_000_000)
	record := bench.NewRecord(run)
	var file bytes.Buffer
	if err := Write(&file, record); err != nil {
		b.Fatal(err)
	}
	packed, err := Pack(record)
	if err != nil {
		b.Fatal(err)
	}
	fates, rtts := columnsOfMillion(run.Samples)
	var sum time.Duration
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"summarise", func() error { bench.NewRecord(run); return nil }},
		{"write", func() error { file.Reset(); return Write(&file, record) }},
		{"read", func() (err error) {
			for _, e := range Decode(bytes.NewReader(file.Bytes())) {
				err = e
			}
			return err
		}},
		{"pack", func() error { _, err := Pack(record); return err }},
		{"unpack", func() error { _, err := packed.Run(); return err }},
		{"rows-to-columns", func() error { columnsOfMillion(run.Samples); return nil }},
		{"look-through-rows", func() error {
			for i := range run.Samples {
				if run.Samples[i].Outcome == bench.Answered {
					sum += run.Samples[i].RTT
				}
			}
			return nil
		}},
		{"look-through-columns", func() error {
			for i, o := range fates {
				if o == bench.Answered {
					sum += rtts[i]
				}
			}
			return nil
		}},
	} {
		b.Run(step.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := step.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func columnsOfMillion(samples []bench.Sample) (fates []bench.Outcome, rtts []time.Duration) {
	fates, rtts = make([]bench.Outcome, len(samples)), make([]time.Duration, len(samples))
	for i, s := range samples {
		fates[i], rtts[i] = s.Outcome, s.RTT
	}
	return fates, rtts
}
