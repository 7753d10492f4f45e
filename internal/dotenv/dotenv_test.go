package dotenv

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// A value is what is written, whatever is in it.
func TestValues(t *testing.T) {
	for line, want := range map[string]string{
		`A=pa$Word`:                   `pa$Word`,
		`A=${HOSTNAME}-fra`:           `${HOSTNAME}-fra`,
		`A=$(id)`:                     `$(id)`,
		`A="pa$Word"`:                 `pa$Word`,
		`A='pa$Word'`:                 `pa$Word`,
		`A="pa\$Word"`:                `pa$Word`,
		`A=pa\$Word`:                  `pa\$Word`,
		`A='it\'`:                     `it\`,
		`A="C:\dir\"`:                 ``, // the quote is not closed
		`A="C:\dir"`:                  `C:\dir`,
		`A="a\nb\"c\\d"`:              "a\nb\"c\\d",
		`A='a\nb'`:                    `a\nb`,
		"\u00a0\u2003A=a":             `a`, // pasted from a web page
		"B=b\n\ufeffA=a":              `a`, // two files of Windows, one behind the other
		`A=a#b`:                       `a#b`,
		`A=#b`:                        `#b`,
		`A=a #b`:                      `a`,
		"A=a\t# b # c":                `a`,
		`A= # how many`:               ``,
		`A=`:                          ``,
		`A=""`:                        ``,
		`A="a # b" # c`:               `a # b`,
		`A='a'#c`:                     `a`,
		`export A=a`:                  `a`,
		`  export   A = a  `:          `a`,
		`A: a`:                        `a`,
		`A=wss://u:p@h/?q=1&r=2`:      `wss://u:p@h/?q=1&r=2`,
		`A=a"b"c`:                     `a"b"c`,
		`A=a'b`:                       `a'b`,
		`A=a b c`:                     `a b c`,
		`A==a`:                        `=a`,
		`A=" a "`:                     ` a `,
		"A=\u00e9\u4e16":              "\u00e9\u4e16",
		"A=\"one\ntwo\nthree\" # end": "one\ntwo\nthree",
		"\xef\xbb\xbfA=a":             `a`,
		"A=a\r\nB=b\r\n":              `a`,
		"A=a\rB=b":                    `a`,
		"A=a\nA=b":                    `b`,
		"A=\"open\nA=b":               `b`,
		"\xff\xfeA\x00=\x00a\x00":     `a`,
		"\xfe\xff\x00A\x00=\x00a":     `a`,
	} {
		if got := Parse([]byte(line))["A"].Value; got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

// What another program understands is no error of ours, and hides none of our lines.
func TestOtherPrograms(t *testing.T) {
	file := "set -a\nFEATURE-FLAG=1\nMY_APP_KEY\nif [ -f x ]; then\n  . ./x\nfi\n[section]\nA-B=1\nA.B=2\n# " +
		"A=3\n\x00\x01\n" +
		"KEY=\"-----BEGIN\nA=inside\nC=\n-----END\"\nOPEN='tis\nA=yes\nB+=x\nexport A\n{\"A\": 1}\n"
	vars := Parse([]byte(file))
	if v := vars["A"]; v.Value != "yes" || v.Line != 17 || v.Err != nil {
		t.Errorf("A is %+v", v)
	}
	if v := vars["KEY"]; v.Value != "-----BEGIN\nA=inside\nC=\n-----END" || v.Line != 12 {
		t.Errorf("KEY is %+v", v)
	}
}

// A line that names a variable and gives no value is an error of that variable; no text of the line is in it.
func TestBroken(t *testing.T) {
	for line, want := range map[string]error{
		"A": ErrForm, "A hush": ErrForm, "set A=hush": ErrForm, "setenv A hush": ErrForm, "A += hush": ErrForm,
		"export A hush": ErrForm,
		`A="hush`:       ErrOpen, "A='hush\nB=\"x\"": ErrOpen, `A="C:\dir\"`: ErrOpen, `A="a" hush`: ErrBehind,
		`A='it\'s'`: ErrBehind,
		"A=hush\nA": ErrForm,
	} {
		v := Parse([]byte("\n" + line))["A"]
		if !errors.Is(v.Err, want) || v.Value != "" || strings.Contains(fmt.Sprint(v.Err), "hush") {
			t.Errorf("%q: %+v, want %v", line, v, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbfexport A=\"a\\nb\" # c\nB: 'x\ny'\r\nC=$D"))
	f.Add([]byte("\xff\xfeA\x00=\x00a\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := 1 + strings.Count(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(decoded(data)), "\n")
		for name, v := range Parse(data) {
			if v.Line < 1 || v.Line > lines || v.Err != nil && v.Value != "" || name == "" {
				t.Fatalf("%q of %d lines: %+v", name, lines, v)
			}
		}
	})
}

// TestUTF16: what PowerShell and editors on Windows write is read, with its byte order mark and without.
func TestUTF16(t *testing.T) {
	const text = "A=wss://h\r\nB=K\u00f6ln\r\n"
	little, big := []byte{}, []byte{}
	for _, unit := range utf16.Encode([]rune(text)) {
		little, big = append(little, byte(unit), byte(unit>>8)), append(big, byte(unit>>8), byte(unit))
	}
	for name, data := range map[string][]byte{
		"UTF-8": []byte(text), "UTF-8, marked": []byte("\ufeff" + text), "little": little, "big": big,
		"little, marked": append([]byte("\xff\xfe"), little...), "big, marked": append([]byte("\xfe\xff"), big...),
	} {
		if got := Parse(data); got["A"].Value != "wss://h" || got["B"].Value != "Köln" || got["B"].Line != 2 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
