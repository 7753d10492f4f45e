package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rtcbench/bench"
)

// odd stands where something else is meant.
var odd = []any{nil, -1, 0, 1e300, 1.5, "", "x\x1b[2J\u009b2J\u202e", true, []any{}, []any{nil}, map[string]any{}}

// everywhere calls use with v as it is when one value in it, wherever it stands, is another, or is missing.
func everywhere(v any, where string, use func(where string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			was := v[k]
			for _, x := range odd {
				v[k] = x
				use(fmt.Sprintf("%s.%s = %v", where, k, x))
			}
			delete(v, k)
			use(where + "." + k + " is missing")
			v[k] = was
			everywhere(was, where+"."+k, use)
		}
	case []any:
		if len(v) == 0 {
			return
		}
		was := v[0]
		for _, x := range odd {
			v[0] = x
			use(fmt.Sprintf("%s[0] = %v", where, x))
		}
		v[0] = was
		everywhere(was, where+"[0]", use)
	}
}

// TestOddValuesEverywhere: a file with anything in any place is refused in words, or holds a run that can be kept and
// written, and that reads again.
func TestOddValuesEverywhere(t *testing.T) {
	tried, taken := 0, 0
	for _, name := range []string{"ended-early.json", "no-pong.json", "turns.json", "audio.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		var file any
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		everywhere(file, name, func(where string) {
			if tried++; tried%40 != 0 && !strings.HasSuffix(where, ".reason = []") && os.Getenv("RTCBENCH_LONG") == "" {
				return
			}
			text, err := json.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			for e, err := range Decode(bytes.NewReader(text)) {
				if err != nil {
					continue
				}
				taken++
				d := NewDocument(bench.NewRecord(e.Run))
				if packed, err := d.Packed(); err != nil {
					t.Errorf("%s: it is taken, and cannot be packed: %v", where, err)
				} else if _, err := packed.Run(); err != nil {
					t.Errorf("%s: it is packed, and cannot be unpacked: %v", where, err)
				}
				line, err := d.Line()
				for _, err := range Decode(bytes.NewReader(line)) {
					if err != nil {
						t.Errorf("%s: it was written, and cannot be read: %v", where, err)
					}
				}
				if err != nil {
					t.Errorf("%s: it cannot be written: %v", where, err)
				}
			}
		})
	}
	t.Logf("%d tried, %d taken", tried, taken)
	if taken == 0 || tried < 5000 {
		t.Errorf("%d tried, %d taken", tried, taken)
	}
}
