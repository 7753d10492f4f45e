package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"rtcbench/bench"
	"rtcbench/internal/result"
)

// property is one key of an object of the schema.
type property struct {
	Description string   `json:"description,omitempty"`
	Type        any      `json:"type"`
	Minimum     *float64 `json:"minimum,omitempty"`
	Maximum     *float64 `json:"maximum,omitempty"`
}

// keyed is an object of the schema as it is being made: its keys stay in their order.
type keyed struct {
	required []string
	keys     []string
	of       []property
}

func (k *keyed) add(key string, required bool, p property) {
	if required {
		k.required = append(k.required, key)
	}
	k.keys, k.of = append(k.keys, key), append(k.of, p)
}

// schema is docs/result.schema.json with what the lists say in it.
func schema(root, there string) (string, error) {
	says, err := comments(root)
	if err != nil {
		return "", err
	}
	zero, one := 0.0, 1.0
	var statistics, counts keyed
	for _, x := range result.StatisticList {
		p := property{says["Statistics."+x.Key], "integer", &zero, nil}
		if x.Unit != "" {
			p.Type = orNull("number")
		}
		if x.Unit == "ratio" {
			p.Maximum = &one
		}
		statistics.add(x.Key, true, p)
	}
	for _, x := range bench.CountList {
		p := property{says["Counts."+x.Key], orNull("integer"), &zero, nil}
		if x.Always {
			p.Type = "integer"
		}
		counts.add(x.Key, !x.Later, p)
	}
	for _, o := range []struct {
		name string
		keyed
	}{
		{"statistics", statistics}, {"counts", counts},
		{"server", facts(reflect.TypeFor[bench.Server](), says)},
		{"daily", facts(reflect.TypeFor[bench.Daily](), says)},
	} {
		if there, err = o.put(there, o.name); err != nil {
			return "", err
		}
	}
	return there, nil
}

func orNull(name string) []string { return []string{name, "null"} }

// facts are those of a struct. What came later is not in files of older versions.
func facts(t reflect.Type, says map[string]string) (k keyed) {
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("json")
		p := property{Description: says[t.Name()+"."+key], Type: orNull("string")}
		if f.Type == reflect.TypeFor[bench.Quantity]() {
			p.Type, p.Minimum = orNull("number"), new(float64)
		}
		k.add(key, f.Tag.Get("is") != "later", p)
	}
	return k
}

// put puts the keys into the object of that name: between its "required" and the end of its "properties".
func (k keyed) put(there, name string) (string, error) {
	at := strings.Index(there, fmt.Sprintf("%q: {\n", name))
	if at < 0 {
		return "", fmt.Errorf("it has no %q", name)
	}
	indent := there[strings.LastIndexByte(there[:at], '\n')+1 : at]
	from := strings.Index(there[at:], "\n"+indent+" \"required\": [")
	end := "\n" + indent + " }"
	properties := strings.Index(there[at:], "\n"+indent+" \"properties\": {")
	if from < 0 || properties < from {
		return "", fmt.Errorf("%q has no required keys and properties after them", name)
	}
	to := strings.Index(there[at+properties:], end)
	if to < 0 {
		return "", fmt.Errorf("the properties of %q do not end", name)
	}
	object, err := k.text(indent + " ")
	if err != nil {
		return "", err
	}
	return there[:at+from] + object + there[at+properties+to+len(end):], nil
}

// text is both lists, as the schema is written.
func (k keyed) text(indent string) (string, error) {
	var b bytes.Buffer
	required, err := json.MarshalIndent(k.required, indent, " ")
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\n%s\"required\": %s,\n%[1]s\"properties\": {", indent, required)
	for i, key := range k.keys {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent(indent+" ", " ")
		fmt.Fprintf(&b, "\n%s %q: ", indent, key)
		if err := e.Encode(k.of[i]); err != nil {
			return "", err
		}
		b.Truncate(b.Len() - 1)
		if i+1 < len(k.keys) {
			b.WriteByte(',')
		}
	}
	fmt.Fprintf(&b, "\n%s}", indent)
	return b.String(), nil
}
