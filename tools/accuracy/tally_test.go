package main

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"
)

var seeds = flag.Int("seeds", 0, "how many seeds each tally takes; 0 = a few, or all when "+tallyVariable+" is set")

// count is how many seeds a tally takes: all of them when a file for tallies is named, else a few.
func count(few, all int) int {
	if *seeds > 0 {
		return *seeds
	}
	if os.Getenv(tallyVariable) != "" {
		return all
	}
	return few
}

// tell appends a tally to the file that is named, and fails the test when it does not hold. A tally is of fixed seeds:
// it holds each time or never.
func tell(t *testing.T, began time.Time, y tally) {
	t.Helper()
	y.Seconds = time.Since(began).Seconds()
	if !y.ok() {
		t.Errorf("%s: held in %d of %d, wanted %d; %s", y.What, y.Hold, y.Of, y.Want, y.Detail)
	} else {
		t.Logf("%s: held in %d of %d; %s", y.What, y.Hold, y.Of, y.Detail)
	}
	name := os.Getenv(tallyVariable)
	if name == "" {
		return
	}
	line, err := json.Marshal(y)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil { // one write: tests run beside each other
		t.Fatal(err)
	}
}
