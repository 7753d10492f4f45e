package report

import (
	"strings"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
)

// onPath is runs that went by UDP, TCP, …; "" = nobody knows.
func onPath(runs []bench.Run, protocol string) []bench.Run {
	for i := range runs {
		end := bench.Candidate{Type: "host", Protocol: protocol}
		runs[i].Facts.ICE = []bench.ICEPair{{Leg: bench.Only, At: runs[i].Start, Local: end, Remote: end}}
		if protocol == "" {
			runs[i].Facts.ICE = nil
		}
	}
	return runs
}

// TestUnlikePaths: a data channel over TCP is not compared as one over UDP, also not among the runs of one side; a path
// that nobody knows is, with a word.
func TestUnlikePaths(t *testing.T) {
	some := func(protocol string, seed uint64, n int) []bench.Run { return onPath(runsOn(seed, n, 50, 0), protocol) }
	for name, c := range map[string]struct {
		a, b  []bench.Run
		alike bool
		word  string // in a note
	}{
		"alike":              {some("tcp", 1, 1), some("tcp", 2, 1), true, ""},
		"unlike":             {some("udp", 1, 1), some("tcp", 2, 1), false, ""},
		"unlike in one side": {append(some("udp", 1, 4), some("tcp", 3, 1)...), some("udp", 2, 4), false, ""},
		"unlike, lean":       {lean(some("udp", 1, 4)), lean(some("tcp", 2, 4)), false, ""},
		"one is unknown":     {some("udp", 1, 1), some("", 2, 1), true, "B: how the messages travelled is not known"},
		"unlike and unknown": {some("udp", 1, 1), append(some("", 2, 1), some("tcp", 3, 1)...), false,
			"B: how the messages travelled is not known"},
	} {
		got := CompareGroups(Group{Name: "a", Runs: records(c.a)}, Group{Name: "b", Runs: records(c.b)},
			Against{Margin: 5})
		if got.Alike != c.alike || !c.alike && !strings.HasPrefix(got.Verdict, "not the same kind of path: ") {
			t.Errorf("%s: alike %v, %s", name, got.Alike, got.Verdict)
		}
		if text := strings.Join(got.Notes, "\n"); strings.Contains(text, "travelled") != (c.word != "") ||
			!strings.Contains(text, c.word) {
			t.Errorf("%s: notes %q", name, text)
		}
	}
	daily, livekit := some("udp", 1, 1)[0], some("tcp", 2, 1)[0]
	if c := Compare(bench.NewRecord(daily), bench.NewRecord(livekit)); c.Alike || *c.Paths["livekit"] != "tcp" {
		t.Errorf("%+v", c)
	}
}

// TestUnlikeEchoes: what the echo of one place answered is not compared with what that of another did, also not among
// the runs of one side.
func TestUnlikeEchoes(t *testing.T) {
	of := func(seed uint64, n int, place, mode string) []bench.Run {
		runs := runsOn(seed, n, 50, 0)
		for i := range runs {
			runs[i].Echo.Place, runs[i].Echo.Mode = place, mode
		}
		return runs
	}
	for name, c := range map[string]struct {
		a, b  []bench.Run
		alike bool
	}{
		"alike":              {of(1, 4, "iad-1", "remote"), of(2, 4, "iad-1", "remote"), true},
		"another place":      {of(1, 4, "iad-1", "remote"), of(2, 4, "sin-1", "remote"), false},
		"here and elsewhere": {of(1, 4, "", "local"), of(2, 4, "sin-1", "remote"), false},
		"within a side": {append(of(1, 2, "iad-1", "remote"), of(3, 2, "sin-1", "remote")...),
			of(2, 4, "iad-1", "remote"), false},
		"of one it is not known": {of(1, 4, "iad-1", "remote"), of(2, 4, "", "remote"), true},
	} {
		got := CompareGroups(Group{Name: "a", Runs: records(c.a)}, Group{Name: "b", Runs: records(c.b)},
			Against{Margin: 5})
		if got.Alike != c.alike || !c.alike && !strings.HasPrefix(got.Verdict, "not the same kind of path: ") {
			t.Errorf("%s: alike %v, %s", name, got.Alike, got.Verdict)
		}
		if !c.alike && !strings.Contains(got.Paths(), "to the echo at") {
			t.Errorf("%s: %s", name, got.Paths())
		}
	}
}

// TestAudioIsMendedUnlike: where one side asks again for what was lost, or says it twice, and the other does not, that
// is in every figure of loss and in the tail.
func TestAudioIsMendedUnlike(t *testing.T) {
	of := func(set func(*bench.AudioLeg)) []bench.Record {
		r := benchtest.Audio(50)
		for i := range r.Facts.Audio {
			r.Facts.Audio[i].NACK = false
		}
		set(&r.Facts.Audio[1])
		return benchtest.Records(r)
	}
	plain := of(func(*bench.AudioLeg) {})
	for name, c := range map[string]struct {
		b     []bench.Record
		alike bool
		paths string
	}{
		"plain": {plain, true, "A went by the audio track over UDP, B by the audio track over UDP"},
		"NACK":  {of(func(l *bench.AudioLeg) { l.NACK = true }), false, "with NACK of the subscriber"},
		"RED":   {of(func(l *bench.AudioLeg) { l.RED = true }), false, "with RED of the subscriber"},
	} {
		got := CompareGroups(Group{Name: "A", Runs: plain}, Group{Name: "B", Runs: c.b},
			Against{Margin: 5, Invalid: true})
		if got.Alike != c.alike || !strings.Contains(got.Paths(), c.paths) ||
			strings.HasPrefix(got.Verdict, "not the same kind of path: ") == c.alike {
			t.Errorf("%s: alike %v, %s; %s", name, got.Alike, got.Verdict, got.Paths())
		}
		if c := Compare(plain[0], c.b[0]); c.Alike != got.Alike {
			t.Errorf("%s, both: alike %v", name, c.Alike)
		}
	}
}

// TestWays: every path has its place in the narrow table and in a sentence.
func TestWays(t *testing.T) {
	for _, c := range []struct {
		class       bench.TransportClass
		path        bench.Path
		short, long string
	}{
		{bench.DataChannelReliable, "udp", "reliable udp ", "reliable data channel over UDP"},
		{bench.DataChannelReliable, "relay-tls", "rel relay-tls", "reliable data channel over a relay by TLS"},
		{bench.DataChannelLossy, "tcp", "lossy tcp    ", "lossy data channel over TCP"},
		{bench.DataChannelLossy, "relay-udp", "los relay-udp", "lossy data channel over a relay by UDP"},
		{bench.DataChannelReliable, "tcp/udp", "rel tcp/udp  ", "reliable data channel over TCP and back over UDP"},
		{bench.DataChannelReliable, "udp+relay-tcp", "rel udp+rela…", "reliable data channel over UDP, then a " +
			"relay by TCP"},
		{bench.DataChannelReliable, "", "reliable     ", "reliable data channel"},
		{bench.SignallingWebSocket, "tcp", "websocket    ", "signalling WebSocket"},
		{"", "udp", "unknown udp  ", "unknown way over UDP"},
	} {
		if short, long := shortWay(c.class, c.path), wayName(c.class, c.path); short != c.short || long != c.long {
			t.Errorf("%s, %s: %q, %q; want %q, %q", c.class, c.path, short, long, c.short, c.long)
		}
	}
}

// TestNobodyKnowsWhoAnsweredTheOriginal: its files say nothing of an echo, those without a pong included.
func TestNobodyKnowsWhoAnsweredTheOriginal(t *testing.T) {
	r := bench.Run{Tool: bench.Tool{Version: bench.Original}}
	if got := HeadingOf(r).Where; got != "measured by the original tool" {
		t.Error(got)
	}
	if got := HeadingOf(bench.Run{}).Where; got != "nobody answered" {
		t.Error(got)
	}
}
