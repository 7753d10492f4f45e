package ping_test

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
)

// answers plays an echo of the test's own beside the probe.
func answers(t *testing.T, reply func(n int, ping string) string) bench.Run {
	t.Helper()
	sc := scene{plan: plan(4), echoes: []string{}}
	sc.during = func(_ context.CancelFunc, runner bench.Session) {
		s, err := sc.Join(context.Background(), bench.Room{Name: "room"}, bench.JoinOptions{Identity: "odd"})
		if err != nil {
			t.Error(err)
			return
		}
		go func() {
			for n := 0; ; n++ {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				p, err := s.Recv(ctx)
				cancel()
				if err != nil {
					s.Close()
					return
				}
				s.Send(context.Background(), bench.Message{Payload: []byte(reply(n, string(p.Payload)))})
			}
		}()
	}
	run, _ := sc.probe(t)
	return run
}

func TestPongWithAnotherNumberIsNotOurs(t *testing.T) {
	run := answers(t, func(n int, ping string) string {
		m := stamp.FindStringSubmatch(ping)
		seq := m[2]
		if n == 8 { // the third counted one
			seq = "77"
		}
		return `{"type":"pong","client_timestamp":` + m[1] + `,"seq":` + seq + `}`
	})
	if c := run.Counts; c.Answered != 3 || c.Lost != 1 || c.Foreign != 1 || run.Samples[2].Outcome != bench.Lost {
		t.Errorf("%+v", c)
	}
}

// inexact is a time stamp as a JSON reader like that of daily-python may give it back: its last bit is another.
func inexact(t1 string) string {
	f, _ := strconv.ParseFloat(t1, 64)
	return strconv.FormatFloat(math.Nextafter(f, math.Inf(1)), 'f', -1, 64)
}

func TestAnEchoThatChangesLastDigitsAnswersAll(t *testing.T) {
	run := answers(t, func(_ int, ping string) string {
		return `{"type":"pong","client_timestamp":` + inexact(stamp.FindStringSubmatch(ping)[1]) + `}`
	})
	if c := run.Counts; c.Answered != 4 || c.Foreign != 0 || run.Echo.Unmatched != 0 {
		t.Errorf("%+v, %d unmatched", c, run.Echo.Unmatched)
	}
}

// An echo whose pongs match nothing makes doubt, with their number; more so where pings are lost.
func TestPongsOfTheEchoThatMatchNothing(t *testing.T) {
	const another = `{"type":"pong","client_timestamp":1234.5}`
	broken := answers(t, func(n int, ping string) string {
		if n == 7 || n == 8 {
			return another
		}
		return `{"type":"pong","client_timestamp":` + stamp.FindStringSubmatch(ping)[1] + `}`
	})
	if c := broken.Counts; c.Answered != 2 || c.Lost != 2 || broken.Echo.Unmatched != 2 {
		t.Fatalf("%+v, %+v", c, broken.Echo)
	}
	judged(t, broken, bench.Doubtful, "unmatched-pongs")
	if text := bench.Summarise(broken).Validity.Why(); !strings.HasPrefix(text, "2 pings count as lost, and 2 "+
		"pongs of this run's echo match no ping") {
		t.Error(text)
	}

	sc := scene{plan: plan(5), echoes: []string{"echo"}} // one that answers somebody else as well
	sc.during = func(_ context.CancelFunc, runner bench.Session) {
		s, _ := sc.Join(context.Background(), bench.Room{Name: "room"}, bench.JoinOptions{Identity: "stranger"})
		defer s.Close()
		time.Sleep(650 * ms)
		s.Send(context.Background(), bench.Message{Payload: []byte(another)}) // nor is this one the echo
	}
	sc.wrap = func(s bench.Session) bench.Session { return &shouted{Session: s, pong: another} }
	shared, err := sc.probe(t)
	if err != nil || shared.Counts.Answered != 5 || shared.Counts.Foreign != 2 || shared.Echo.Unmatched != 1 {
		t.Fatalf("%v, %+v, %+v", err, shared.Counts, shared.Echo)
	}
	judged(t, shared, bench.Valid, "")
	if !slices.ContainsFunc(bench.Summarise(shared).Doubts, func(d bench.Doubt) bool {
		return d.Code == "unmatched-pongs" && strings.HasPrefix(d.Text, "1 pong of this run's echo matches no ping")
	}) {
		t.Errorf("doubts: %+v", bench.Summarise(shared).Doubts)
	}

	for _, unread := range []string{`{"type":"pong","client_timestamp":"1795646202850.1"}`, `{"type":"pong","clie`} {
		spoilt := answers(t, func(n int, ping string) string {
			if n == 8 {
				return unread
			}
			return `{"type":"pong","client_timestamp":` + stamp.FindStringSubmatch(ping)[1] + `}`
		})
		if c := spoilt.Counts; c.Lost != 1 || c.Malformed != 1 || spoilt.Echo.Unmatched != 1 {
			t.Fatalf("%s: %+v, %+v", unread, c, spoilt.Echo)
		}
		judged(t, spoilt, bench.Doubtful, "unmatched-pongs")
		none := answers(t, func(int, string) string { return unread })
		want := regexp.MustCompile(`^no echo answered in 10s, waiting for the first pong, while (199|200) ` +
			`messages came that nobody can read`)
		if !errors.Is(none.Err, bench.ErrNoEcho) || !want.MatchString(none.Err.Error()) {
			t.Errorf("%v, want %s", none.Err, want)
		}
	}

	silent := answers(t, func(int, string) string { return another })
	// The 200th ping is due in the moment in which the wait ends.
	want := regexp.MustCompile(`^no echo answered in 10s, waiting for the first pong, while (199|200) pongs came ` +
		`that match no ping of this run`)
	if !errors.Is(silent.Err, bench.ErrNoEcho) || !want.MatchString(silent.Err.Error()) {
		t.Errorf("%v, want %s", silent.Err, want)
	}
}

// shouted is a session in which the echo's third message is followed by a pong to somebody else.
type shouted struct {
	bench.Session
	n    int
	pong string
}

func (s *shouted) Recv(ctx context.Context) (bench.Packet, error) {
	s.n++
	if s.n == 4 {
		return bench.Packet{Payload: []byte(s.pong), From: "echo", At: time.Now()}, nil
	}
	return s.Session.Recv(ctx)
}

func TestTimesThatNoClockCanSayAreNotUsed(t *testing.T) {
	for _, times := range []string{`10,"server_send_time":5`, `10,"server_send_time":99999999`,
		`1e300,"server_send_time":1e300`, `null,"server_send_time":1`} {
		run := answers(t, func(_ int, ping string) string {
			return `{"type":"pong","client_timestamp":` + stamp.FindStringSubmatch(ping)[1] +
				`,"server_receive_time":` + times + `}`
		})
		s := bench.Summarise(run)
		if run.Counts.Answered != 4 || run.Samples[0].Stamped || s.OneWay.Known || s.Hold.P50.OK {
			t.Errorf("%s: %+v, one way %+v", times, run.Samples[0], s.OneWay)
		}
	}
}
