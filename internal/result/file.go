// Package result is the result file: a run as JSON that any program can read, and that can be read back. Stores keep
// the same file. The package draws no table and opens no store.
package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"rtcbench/bench"
	"rtcbench/internal/redact"
)

// SchemaVersion is the version of details. Within a version keys may be added, but no key is renamed or changes its
// meaning. docs/result.schema.json describes the file.
const SchemaVersion = 1

// File is the result file of a run. The first four keys are those of the original format. Times of day are Unix
// seconds, all other times are milliseconds. null is a value that is not known.
type File struct {
	Platform     string        `json:"platform"`
	Measurements []Measurement `json:"measurements"`
	Statistics   Statistics    `json:"statistics"`
	Metadata     Metadata      `json:"metadata"`
	Details      Details       `json:"details"`
}

// Measurement is one ping that was answered within its timeout.
type Measurement struct {
	RoundTripTime  float64  `json:"round_trip_time"`
	ClientToServer *float64 `json:"client_to_server"`
	ServerToClient *float64 `json:"server_to_client"`
	MessageNumber  uint32   `json:"message_number"` // number of the ping, from 1
	Timestamp      float64  `json:"timestamp"`      // send time
}

// Metadata is the metadata of the original format, with run_id and cooldown_ms added.
type Metadata struct {
	StartTime  float64 `json:"start_time"`
	EndTime    float64 `json:"end_time"`
	DurationMS float64 `json:"duration_ms"`
	Iterations int     `json:"iterations"`
	TimeoutMS  int64   `json:"timeout_ms"`
	Platform   string  `json:"platform"`
	RoomURL    string  `json:"room_url"`
	LocationID *string `json:"location_id"`
	RunID      string  `json:"run_id"`
	CooldownMS *int64  `json:"cooldown_ms"`
}

// Write writes the result file of r.
func Write(w io.Writer, r bench.Record) error {
	return NewDocument(r).Write(w)
}

// WriteJSON writes v in the form of all results: indented, and safe for terminals.
func WriteJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(shown(b.Bytes()))
	return err
}

// shown is JSON without characters that control a terminal: some texts come from elsewhere. Package json escapes other
// controls itself. The rest, controls of C1 and marks of text direction, occurs only in strings, where an escape means
// the same.
func shown(text []byte) []byte {
	obeyed := func(r rune) bool { return r > '~' && !unicode.IsPrint(r) }
	if !bytes.ContainsFunc(text, obeyed) {
		return text
	}
	out := make([]byte, 0, len(text)+100)
	for _, r := range string(text) {
		switch high, low := utf16.EncodeRune(r); {
		case !obeyed(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// New is the result file of r.
func New(r bench.Record) (f File, err error) {
	f = lean(r.Run, r.Summary)
	f.Measurements, f.Details.Samples = measurements(r.Run, r.Summary), columns(r.Run)
	for _, rtt := range r.Summary.LateRTTs {
		f.Details.LateRTT = append(f.Details.LateRTT, ms(rtt))
	}
	f.Details.Histogram, err = newHistogram(r.Histogram())
	return f, err
}

// lean is the result file of r without its long lists.
func lean(r bench.Run, s bench.Summary) File {
	f := File{
		Platform:   r.Platform,
		Statistics: StatisticsOf(bench.Record{Run: r, Summary: s}),
		Metadata: Metadata{
			StartTime: seconds(r.Start), EndTime: seconds(r.End), DurationMS: ms(r.End.Sub(r.Start)),
			Iterations: r.Plan.Count, TimeoutMS: r.Plan.Timeout.Milliseconds(),
			CooldownMS: when(!r.Plan.PaceUnknown, r.Plan.Cooldown.Milliseconds()),
			Platform:   r.Platform, RoomURL: CleanURL(r.RoomURL), RunID: r.ID,
		},
		Details: newDetails(r, s),
	}
	if r.Location != "" {
		f.Metadata.LocationID = &r.Location
	}
	return f
}

func measurements(r bench.Run, s bench.Summary) []Measurement {
	list := make([]Measurement, 0, r.Counts.Answered)
	for _, x := range r.Samples {
		if x.Outcome != bench.Answered {
			continue
		}
		m := Measurement{RoundTripTime: ms(x.RTT), MessageNumber: x.Seq, Timestamp: seconds(r.Start.Add(x.Sent))}
		if up, ok := s.OneWay.UpOf(x); ok {
			down, _ := s.OneWay.DownOf(x)
			m.ClientToServer, m.ServerToClient = when(true, ms(up)), when(true, ms(down))
		}
		list = append(list, m)
	}
	return list
}

// CleanURL is u without user info, query and fragment: these may contain secrets.
func CleanURL(u string) string { return redact.URL(u) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func when[T any](ok bool, v T) *T {
	if !ok {
		return nil
	}
	return &v
}

func quantity(q bench.Quantity) *float64 { return when(q.OK, ms(q.D)) }
