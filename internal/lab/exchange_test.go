package lab

import (
	"encoding/binary"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// packet is an IPv4 packet with a UDP datagram in it, of size bytes altogether.
func packet(from, to string, size int) []byte {
	b := make([]byte, size)
	b[0], b[9] = 0x45, 17
	binary.BigEndian.PutUint16(b[2:], uint16(size))
	f, t := netip.MustParseAddr(from).As4(), netip.MustParseAddr(to).As4()
	copy(b[12:], f[:])
	copy(b[16:], t[:])
	return b
}

func TestExchange(t *testing.T) {
	s := Scenario{RunnerSFU: Path{Up: Way{Delay: 30 * msec}, Down: Way{Delay: 10 * msec}}}
	x := newExchange(s, 1)
	x.arrive(0, Runner, packet(Runner.Address(), SFU.Address(), 200))
	x.arrive(5*msec, SFU, packet(SFU.Address(), Runner.Address(), 300))
	x.arrive(6*msec, SFU, packet(SFU.Address(), Echo.Address(), 400))
	for _, stray := range [][]byte{packet(Runner.Address(), Echo.Address(), 100),
		packet(Runner.Address(), "8.8.8.8", 100), {0x60, 0, 0}, nil} {
		x.arrive(7*msec, Runner, stray)
	}
	type gone struct {
		at   time.Duration
		to   Place
		size int
	}
	var got []gone
	for due, ok := x.next(); ok; due, ok = x.next() {
		b, to, left := x.leave()
		left(due + 20*time.Microsecond)
		got = append(got, gone{due, to, len(b)})
	}
	if want := []gone{{6 * msec, Echo, 400}, {15 * msec, Runner, 300}, {30 * msec, SFU, 200}}; !slices.Equal(
		got, want) {
		t.Errorf("left %v, want %v", got, want)
	}
	if r := x.log[0]; r.Delay() != 30*msec+20*time.Microsecond || r.Added() != 20*time.Microsecond || !r.UDP ||
		r.Size != 200 {
		t.Errorf("the first is written down as %+v", r)
	}
	strays := 0
	for _, r := range x.log {
		if r.Fate == Unroutable {
			strays++
		}
	}
	if strays != 4 || len(x.log) != 7 {
		t.Errorf("%d packets written down, %d of them to nobody; want 7 and 4", len(x.log), strays)
	}
}

func TestScenarios(t *testing.T) {
	for _, name := range Shipped() {
		s, err := LoadScenario(name)
		if err != nil {
			t.Error(err)
		}
		if s.About == "" || len(s.Sources) == 0 && name != "floor" {
			t.Errorf("%s: what is it, and where do its numbers come from?", name)
		}
		for _, source := range s.Sources {
			if !strings.HasPrefix(source.URL, "https://") || source.Says == "" {
				t.Errorf("%s: %+v", name, source)
			}
		}
	}
	const whole = `{about: x, paths: {runner-sfu: {both: %}, sfu-echo: {both: {}}}}`
	for way, want := range map[string]string{
		`{}`: "",
		`{delay: 5ms, loss: 0.5%, rate: 10Mbit/s, queue: 64KB, load: {rate: 12Mbit/s, on: 1s, off: 2s}}`: "",
		`{delay: 5}`:                          `"5" is not a duration, as 12ms`,
		`{delay: -5ms}`:                       "a delay of -5ms",
		`{dalay: 5ms}`:                        "dalay is no key here",
		`{q8RkT0pWzXvY2nLbJ4hGfD6sA1: 5ms}`:   "(26 characters, not shown: it may be a secret) is no key here",
		`{delay: q8RkT0pWzXvY2nLbJ4hGfD6sA1}`: `"(26 characters, not shown: it may be a secret)" is not a duration`,
		`{loss: 0.5}`:                         `"0.5" is not a share`,
		`{loss: 101%}`:                        `"101%" is not a share`,
		`{loss: NaN%}`:                        `"NaN%" is not a share`,
		`{queue: 64KB}`:                       "need a rate",
		``:                                    "a way is empty",
		`{bursts: {loss: 30%, enter: 1%}}`:    "bursts need loss, enter and leave",
		`{rate: 10}`:                          `"10" is not a rate`,
		`{jitter: {distribution: cauchy, mean: 1ms, deviation: 1ms}}`: `not "cauchy"`,
		`{jitter: {distribution: normal, mean: 1ms}}`:                 "a deviation above 0",
		`{load: {rate: 1Mbit/s, on: 1s, off: 1s}, rate: 2Mbit/s}`:     "a queue to fill",
	} {
		_, err := Parse("mine", []byte(strings.Replace(whole, "%", way, 1)))
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", way, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "mine") || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: %v, want %q", way, err, want)
		}
	}
	for text, want := range map[string]string{
		`{about: x}`: "paths",
		`{about: x, paths: {runner-sfu: {up: {}}, sfu-echo: {both: {}}}}`:                             "up and down",
		`{about: x, paths: {runner-sfu: {both: {}, up: {}}, sfu-echo: {both: {}}}}`:                   "or both",
		`{about: x, paths: {runner-sfu: {both: {}}, sfu-echo: {both: {}}}, echo_clock: {skew: 200}}`:  "at most 100",
		`{about: x, paths: {runner-sfu: {both: {}}, sfu-echo: {both: {}}}, echo_clock: {skew: .nan}}`: "at most 100",
		`[`: "mine",
		`{about: x, wheels: 4, paths: {runner-sfu: {both: {}}, sfu-echo: {both: {}}}}`: "wheels is no key here",
	} {
		_, err := Parse("mine", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "struct") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := LoadScenario("atlantis"); err == nil || !strings.Contains(err.Error(), "transatlantic") {
		t.Errorf("an unknown scenario: %v", err)
	}
}

// The manual's example is one that works.
func TestTheManualsScenario(t *testing.T) {
	manual, err := os.ReadFile("../../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(manual), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	s, err := Parse("mine", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if s.RunnerSFU.Up.Delay != 12*msec || s.RunnerSFU.Up.Bursts == nil || s.EchoClock.Skew != 40 ||
		s.SFUEcho.Up != s.SFUEcho.Down {
		t.Errorf("%+v", s)
	}
}

// A packet that passes at once does so no sooner than those before it.
func TestPassingKeepsTheOrder(t *testing.T) {
	l := newLine(Way{Delay: 40 * msec}, 1, 1)
	first, _ := l.carry(0, 300)
	second, _ := l.pass(msec, 300)
	third, _ := l.pass(2*msec, 300)
	if first[0] != 40*msec || second[0] != 40*msec || third[0] != 40*msec {
		t.Errorf("%v, %v, %v", first, second, third)
	}
}
