package result

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"rtcbench/internal/benchtest"
)

// decoded is how many runs text holds, and all that is said of it.
func decoded(text string) (runs int, said string) {
	for _, err := range Decode(strings.NewReader(text)) {
		if err != nil {
			said += err.Error() + "\n"
		} else {
			runs++
		}
	}
	return runs, said
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

func wideText(text string, mark string, high, low int) string {
	b := []byte(mark)
	for _, u := range utf16.Encode([]rune(text)) {
		pair := [2]byte{byte(u), byte(u >> 8)}
		b = append(b, pair[low], pair[high])
	}
	return string(b)
}

// TestFilesAsPeopleHaveThem: whatever programs and shells have made of results on their way.
func TestFilesAsPeopleHaveThem(t *testing.T) {
	original := compact(t, anOriginal)
	other := strings.Replace(original, `"location_id":null`, `"location_id":"fra"`, 1)
	pretty := written(t, benchtest.Run(3))
	ours := compact(t, pretty)
	half := len(original) / 2
	logged := func(prefix, text string) string {
		return prefix + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+prefix) + "\n"
	}
	docker := func(text string) string {
		quoted, _ := json.Marshal(text)
		return fmt.Sprintf("{\"log\":%s,\"stream\":\"stdout\",\"time\":\"2026-11-25T10:00:00Z\"}\n", quoted)
	}
	for name, x := range map[string]struct {
		text string
		runs int
		said string // a line each; "" = nothing
	}{
		"array":          {"[" + original + ",\n" + other + "]", 2, ""},
		"array in lines": {"[\n  " + original + ",\n  " + ours + "\n]\n", 2, ""},
		"array of which one cannot be": {"[" + original + `,{"platform":"zoom","metadata":null},` + ours + "]", 2,
			"line 1: metadata: it is missing"},
		"UTF-16, low byte first":   {wideText(original, "\xff\xfe", 1, 0), 1, ""},
		"UTF-16, high byte first":  {wideText(original, "\xfe\xff", 0, 1), 1, ""},
		"UTF-16 without a mark":    {wideText(original, "", 1, 0), 1, ""},
		"UTF-8 with a mark":        {"\xef\xbb\xbf" + original, 1, ""},
		"files with marks, joined": {"\xef\xbb\xbf" + original + "\n\xef\xbb\xbf" + other, 2, ""},
		"gzip":                     {zipped(original + "\n" + other), 2, ""},
		"gzip of UTF-16":           {zipped(wideText(original, "\xff\xfe", 1, 0)), 1, ""},
		"CRLF":                     {strings.ReplaceAll(pretty, "\n", "\r\n") + original + "\r\n", 2, ""},
		"pretty ones joined":       {pretty + pretty + original, 3, ""},
		"two on a line":            {original + other + "\n", 2, ""},
		"containerd": {logged("2026-11-25T10:00:00.123456789Z stdout F ", original+"\nready\n"+
			other), 2, ""},
		"containerd, in pieces": {"2026-11-25T10:00:00Z stdout P " + original[:half] +
			"\n2026-11-25T10:00:00Z stdout F " + original[half:] + "\n", 1, ""},
		"docker compose, pretty":        {logged("bench-1  | ", pretty), 1, ""},
		"kubectl --prefix --timestamps": {logged("[pod/bench-0/run] 2026-11-25T10:00:00Z ", pretty+original), 2, ""},
		"journald":                      {logged("Nov 25 10:00:00 host rtcbench[17]: ", original), 1, ""},
		"docker's own files": {docker("ready\n") + docker(original[:half]) + docker(original[half:]+"\n"),
			1, ""},
		"something before it": {"out> " + original + "\n", 1, ""},
		"a line cut off": {original + "\n" + other[:half] + "\n" + ours + "\n", 2,
			"line 2: it ends in the middle of a value: it was cut off"},
		"a line cut off between values": {`{"platform":"daily","measurements":[` + "\n" + original + "\n" + other, 2,
			"line 1: it ends in the middle of a value: it was cut off"},
		"a line cut off, at the end": {original + "\n" + other[:half], 1, "line 2: it ends in the middle of a " +
			"value: it was cut off"},
		"a pretty one cut off, and more": {pretty[:strings.Index(pretty, "    {")] + pretty + original, 2,
			"line 1: it ends in the middle of a value: it was cut off"},
		"a line that is none": {original + "\nready\n" + other + "\n", 2, `line 2: "ready" is no result`},
		"NaN": {strings.Replace(original, `"jitter":10`, `"jitter":NaN`, 1) + "\n" + other, 1,
			"line 1: statistics.jitter: invalid character 'N' at start of value: NaN and Infinity are no " +
				"numbers of JSON"},
		"zero bytes": {original + "\n" + strings.Repeat("\x00", 100) + "\n" + other, 2,
			"line 2: there are zero bytes in it: it is no text, or the machine went down while it was written"},
		"empty":          {"", 0, "the file is empty: there is no run in it"},
		"spaces":         {" \r\n\n", 0, "the file is empty: there is no run in it"},
		"empty, by gzip": {zipped(""), 0, "the file is empty: there is no run in it"},
		"an empty array": {"[]", 0, "there is no run in it: brackets and commas are all that it has"},
		"a file of brackets": {strings.Repeat("[", 100_000), 0, "there is no run in it: brackets and commas are all " +
			"that it has"},
		"a log without a run": {"2026-11-25T10:00:00Z stdout F ready\n", 0, "none of its 1 lines is a result"},
		"zip":                 {"PK\x03\x04xyz", 0, "it is a zip archive: unpack it first"},
		"zstd":                {"\x28\xb5\x2f\xfdxyz", 0, "it is compressed by zstd: unpack it first (zstd -d)"},
		"an empty zip": {"PK\x05\x06" + strings.Repeat("\x00", 18), 0,
			"it is a zip archive, with nothing in it"},
		"tar": {"a.json" + strings.Repeat("\x00", 251) + "ustar\x0000", 0,
			"it is a tar archive: unpack it first (tar -xf)"},
		"a tar by gzip": {zipped("a.json" + strings.Repeat("\x00", 251) + "ustar  \x00"), 0,
			"it is a tar archive: unpack it first (tar -xf)"},
		"two gzips joined":                    {zipped(original+"\n") + zipped(other), 2, ""},
		"gzip with zero bytes behind its end": {zipped(original) + strings.Repeat("\x00", 512), 1, ""},
		"gzip with something behind its end": {zipped(original+"\n") + "junk", 1,
			"it is packed by gzip, and behind the end of that is something else, which was not read"},
		"half of a second gzip": {zipped(original+"\n") + zipped(other)[:40], 1,
			"it is packed by gzip, and was cut off: its end is missing"},
		"cut off, and written on": {other[:half] + original + "\n" + ours, 2, "line 1: a value in it has no end, and " +
			"another begins in the middle of that: it was cut off"},
		"cut off in a word, and written on": {other[:14] + original + original + "\n" + ours, 3,
			"line 1: a value in it has no end, and another begins in the middle of that: it was cut off"},
		"an array that was cut off and written on": {"[" + original + "," + other[:half] + "," + original + "]", 2,
			"line 1: a value in it has no end, and another begins in the middle of that: it was cut off"},
		"a place too deep to name": {strings.Repeat(`{"a":`, 20_000), 0,
			"line 1: " + strings.Repeat("a.", 60) + "a…: exceeded max depth"},
		"a key in two spellings": {strings.Replace(original, `"location_id"`, `"Location_ID":"x","location_id"`, 1), 0,
			"line 1: metadata.location_id: it is there twice, in two spellings"},
		"a zero character": {strings.Replace(ours, `"location_id":"`, `"location_id":"\u0000`, 1), 0,
			"line 1: metadata.location_id: there is a zero character in it"},
		"a store": {"SQLite format 3\x00", 0, "it is a store"},
		"half of a gzip": {zipped(original)[:60], 0, "line 1: it is packed by gzip, and was cut off: its end " +
			"is missing"},
		"Latin-1": {strings.Replace(original, `"location_id":null`, "\"location_id\":\"K\xf6ln\"", 1), 0,
			"line 1: location_id: the byte 0xf6 is not UTF-8: save the file as UTF-8"},
		"half a pair": {strings.Replace(original, `"location_id":null`, `"location_id":"\ud83d"`, 1), 0,
			`line 1: location_id: \ud83d is half of a surrogate pair, and no character`},
		"a pair": {strings.Replace(original, `"location_id":null`, `"location_id":"\\ud83d \ud83d\ude00"`, 1), 1, ""},
	} {
		runs, said := decoded(x.text)
		if runs != x.runs || strings.TrimSuffix(said, "\n") != x.said {
			t.Errorf("%s: %d runs, want %d; said %q, want %q", name, runs, x.runs, said, x.said)
		}
	}
	many := strings.Repeat("no result\n", 1000)
	if runs, said := decoded(many + original); runs != 1 || strings.Count(said, "\n") != toldProse+1 ||
		!strings.Contains(said, "990 more lines") {
		t.Errorf("of 1,000 lines of prose: %d runs, %s", runs, said)
	}
}
