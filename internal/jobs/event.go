package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"rtcbench/internal/result"
	"rtcbench/internal/settings"
)

// Nothing is the event of a function that is a place of a fleet: the plan says what is measured.
func Nothing(event []byte) error {
	j, err := Event(event, "")
	if err == nil && (j.Command != "" || len(j.Values) > 0) {
		err = errors.New("the event has settings, and this function is a place of a fleet: the plan of its hub says " +
			"what is measured; send an event without settings, as {}")
	}
	return err
}

// Event reads an event: flags by their long names, and "platform", which is the one given here if nothing is said. An
// event of EventBridge has them in its detail; a scheduled one says nothing there, and the environment alone decides.
func Event(event []byte, platform string) (Job, error) {
	j := Job{Name: "event", Command: platform, Values: map[string][]string{}, Places: map[string]string{}}
	if result.CheckText(event) != nil { // no place in it is named: a secret may stand there
		return j, errors.New("the event has a character that is not UTF-8, or half of one: send it in UTF-8")
	}
	keys := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(event))
	decoder.UseNumber()
	if len(bytes.TrimSpace(event)) > 0 && string(bytes.TrimSpace(event)) != "null" {
		if err := decoder.Decode(&keys); err != nil {
			return j, fmt.Errorf(`the event is not an object of settings, as {"platform": %q, "iterations": 100}`,
				platform)
		}
	}
	if _, ok := keys["detail-type"]; ok {
		detail, _ := keys["detail"].(map[string]any)
		keys = detail
	}
	for key, value := range keys {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, v := range list {
			text := ""
			switch v := v.(type) {
			case string:
				text = v
			case json.Number:
				text = v.String()
			case bool:
				text = strconv.FormatBool(v)
			default:
				return j, fmt.Errorf("the event's %s has to be a text, a number, true or false, or a list of these",
					settings.Shown(key))
			}
			if key == "platform" {
				j.Command = text
			} else {
				j.Values[key] = append(j.Values[key], text)
				j.Places[key] = "the event"
			}
		}
	}
	for _, own := range []string{"output", "quiet"} {
		if _, ok := j.Values[own]; ok {
			return j, fmt.Errorf("the event's %q: the result is the answer", own)
		}
	}
	return j, nil
}
