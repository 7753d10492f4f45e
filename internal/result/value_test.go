package result

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"rtcbench/internal/benchtest"
)

// TestOneMistakeIsOneLine: what is wrong with a value is told once, and what follows the value is read.
func TestOneMistakeIsOneLine(t *testing.T) {
	original := compact(t, anOriginal)
	pretty := written(t, benchtest.Run(3))
	ours := compact(t, pretty)
	long := written(t, benchtest.Run(3000)) // more than is read at a time
	swap := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("there is no %s", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	late := strings.LastIndex(long, `"answered"`)
	for name, x := range map[string]struct {
		text string
		runs int
		said string // without its "line N: ", which is that of HERE in text
	}{
		"not a number, pretty": {swap(pretty, `"jitter": `, `"jitter": NaN, "HERE": `) + pretty, 1,
			"statistics.jitter: invalid character 'N' at start of value: NaN and Infinity are no numbers of JSON"},
		"not a number, long": {long[:late] + `-Infinity, "HERE",` + long[late:] + pretty, 1,
			"details.samples.outcome[3000]: invalid character 'I' in number (expecting digit): NaN and Infinity are " +
				"no numbers of JSON"},
		"not UTF-8, long": {"{\"HERE\":0," + long[1:late] + "\"\xf6\",\n" + long[late:] + pretty, 1,
			"the byte 0xf6 is not UTF-8: save the file as UTF-8"},
		"no unit, in an array": {
			"[" + original + `,{"HERE":0,` + swap(ours, `"rtt_ms":[`, `"rtt_ms":["x",`)[1:] + "," + ours + "]", 2,
			"details.samples.rtt_ms[0]: this cannot stand there: string"},
		"no number, in an array, pretty": {
			"[" + swap(`{"HERE":0,`+pretty[1:], `"sent": `, `"sent": {"x": [1, {}]}, "x": `) + ",\n" + ours + "]", 1,
			"details.counts.sent: this cannot stand there: object"},
		"no text, cut off": {
			swap(`{"HERE":0,`+pretty[1:], `"engine": `, `"engine": 5, "x": `)[:len(pretty)-200], 0,
			"the file ends in the middle of a value: it was cut off"},
		"no text, and no JSON": {swap(ours, `"engine":`, `"engine":5,"HERE":NaN,"y":`) + "\n" + ours, 1,
			"HERE: invalid character 'N' at start of value: NaN and Infinity are no numbers of JSON"},
		"a pair of one": {swap(ours, `"wilson95":[`, `"wilson95":[0.1],"HERE":[`), 0,
			"details.loss.wilson95: too few array elements"},
		"a key twice": {swap(ours, `"engine":`, `"ended":"complete","HERE":0,"engine":`) + ours, 1,
			"details.ended: it is there twice"},
		"a key in capitals": {swap(original, `"platform"`, `"HERE":0,"Platform"`), 0,
			`platform: ""; known are [daily livekit]`},
		"of both, one": {`{"daily":5,"HERE":0,"livekit":` + ours + "}", 1,
			"daily: the value: this cannot stand there: number"},
		"none, for a run has no sides": {swap(original, `"platform"`, `"daily":5,"run":[],"platform"`), 1, ""},
		"a word after other line breaks": {pretty + "\n\n  " + original + "\n,\n" + ours + "\nHERE\n" + pretty, 4,
			`"HERE" is no result`},
	} {
		if at := strings.Index(x.text, "HERE"); at >= 0 {
			x.said = fmt.Sprintf("line %d: %s\n", strings.Count(x.text[:at], "\n")+1, x.said)
		}
		if runs, said := decoded(x.text); runs != x.runs || said != x.said {
			t.Errorf("%s: %d runs, want %d; said %q, want %q", name, runs, x.runs, said, x.said)
		}
	}
}

// TestLongFilesAreReadOnce: a long file is no more than a few times its size, all in all, on its way into a run.
func TestLongFilesAreReadOnce(t *testing.T) {
	text := written(t, benchtest.Run(20_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if runs, said := decoded(text); runs != 1 || said != "" {
		t.Fatalf("%d runs, said %q", runs, said)
	}
	runtime.ReadMemStats(&after)
	times := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(text))
	t.Logf("%.1f times its size", times)
	if times > 4 {
		t.Errorf("%.1f times its size went through memory, want at most 4", times)
	}
}
