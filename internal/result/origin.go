package result

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"rtcbench/bench"
)

// From is p with o as its origin. An origin that the sender wrote is replaced. All other bytes of the document stay,
// because a newer version may have written it.
func (p Packed) From(o bench.Origin) (Packed, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return p, err
	}
	start, end, err := originIn(p.Document)
	if err != nil {
		return p, fmt.Errorf("details.fleet: %w", err)
	}
	if start == end {
		text = append([]byte(`,"fleet":`), text...)
	}
	p.Document = bytes.Join([][]byte{p.Document[:start], text, p.Document[end:]}, nil)
	p.File.Details.Fleet = &o
	return p, nil
}

// originIn is where the value of details.fleet is in a document. If there is none, start and end are where it would be.
func originIn(document []byte) (start, end int, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(document))
	for _, name := range []string{"details", "fleet"} {
		if _, err := d.ReadToken(); err != nil { // the opening brace
			return 0, 0, err
		}
		for {
			key, err := d.ReadToken()
			if err != nil {
				return 0, 0, err
			}
			if key.Kind() == '}' {
				at := int(d.InputOffset()) - 1
				if name == "details" {
					return 0, 0, errPacked
				}
				return at, at, nil
			}
			if key.String() == name {
				break
			}
			if err := d.SkipValue(); err != nil {
				return 0, 0, err
			}
		}
	}
	value, err := d.ReadValue()
	end = int(d.InputOffset())
	return end - len(value), end, err
}
