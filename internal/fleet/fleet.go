// Package fleet is the vocabulary of a hub and its runners: names, subjects, tokens, members and messages, with the
// checks that both sides make. It opens no connection and keeps no file.
package fleet

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Place is a runner as its operator knows it. Name is its only key. A name is part of NATS subjects, so it has to be a
// single token there.
type Place struct {
	Name     string            `json:"name"`
	Location string            `json:"location"`
	Lat      *float64          `json:"lat,omitempty"`
	Lon      *float64          `json:"lon,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
}

var (
	placeName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	labelName = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,62}$`)
)

// NameRule says what the name of a place may be.
const NameRule = "1 to 63 lower-case letters, digits and hyphens, neither end a hyphen"

// ValidName reports whether name can be a place's.
func ValidName(name string) bool { return placeName.MatchString(name) }

// maxLabels and maxText bound what a runner may say about itself.
const (
	maxLabels = 32
	maxText   = 256
)

// Check says what is wrong with p.
func (p Place) Check() error {
	if !ValidName(p.Name) {
		return fmt.Errorf("the name of a place has to be %s", NameRule)
	}
	if !plain(p.Location) {
		return fmt.Errorf("the location has to be text of at most %d bytes on one line", maxText)
	}
	if (p.Lat == nil) != (p.Lon == nil) {
		return errors.New("latitude and longitude go together")
	}
	if p.Lat != nil && !(math.Abs(*p.Lat) <= 90 && math.Abs(*p.Lon) <= 180) {
		return errors.New("latitude has to be from -90 to 90, longitude from -180 to 180")
	}
	if len(p.Labels) > maxLabels {
		return fmt.Errorf("%d labels, at most %d are taken", len(p.Labels), maxLabels)
	}
	for _, k := range slices.Sorted(maps.Keys(p.Labels)) {
		if !labelName.MatchString(k) || !plain(p.Labels[k]) || p.Labels[k] == "" {
			return errors.New("a label is name=value: a name of lower-case letters, digits, _ . and -, a value on " +
				"one line")
		}
	}
	return nil
}

func plain(text string) bool {
	return len(text) <= maxText && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// Where selects places by label: for each key of Where, the place has to have one of the values. Every place has the
// labels "name" and "location". An empty Where selects every place.
type Where map[string][]string

// Has reports whether w selects p.
func (w Where) Has(p Place) bool {
	for key, values := range w {
		of := p.Labels[key]
		switch key {
		case "name":
			of = p.Name
		case "location":
			of = p.Location
		}
		if !slices.Contains(values, of) {
			return false
		}
	}
	return true
}

// Member is a place and the public key by which the hub knows its runner.
type Member struct {
	Place
	Key      string    `json:"key"` // public key, as nkeys writes it
	Joined   time.Time `json:"joined"`
	Revoked  time.Time `json:"revoked,omitzero"`
	Paused   bool      `json:"paused,omitempty"`
	Replaced []string  `json:"replaced,omitempty"` // earlier keys of the place, all of them revoked
}
