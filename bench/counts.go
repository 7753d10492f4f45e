package bench

import (
	"reflect"
	"slices"
	"strings"
)

// Counts are of counted pings, but for those of the warm-up and of messages.
//
// Its fields are the list of all counts. A count has the name in json everywhere: in files, in columns and fields of
// stores, in the page. The comment at it says how to read it, also in the file's schema. The words in is say more:
//
//	fate    it follows from the outcomes of the samples (Tally); the others are counted as they happen, also by the
//	        page
//	always  every tool tells it; the original tool tells no other
//	summed  sums of runs have it (Aggregate), and SQLite a column
//	later   it came after the first version of the file: older files lack it
type Counts struct {
	Sent     int `json:"sent" is:"fate always summed"`     // counted pings that left
	Answered int `json:"answered" is:"fate always summed"` // answered within the timeout
	Late     int `json:"late" is:"fate summed"`            // answered after the timeout
	Lost     int `json:"lost" is:"fate always summed"`     // not answered at all
	NotSent  int `json:"not_sent" is:"fate summed"`        // slots that could not be used: no loss
	// in flight when the run ended early: neither answered nor lost
	Unsettled  int `json:"unsettled" is:"fate"`
	Duplicate  int `json:"duplicate"`   // further pongs for an answered ping
	Malformed  int `json:"malformed"`   // messages that nobody can read
	Foreign    int `json:"foreign"`     // pongs of another echo, or to somebody else's ping
	WarmupSent int `json:"warmup_sent"` // pings of the warm-up, which is in no other count
	// sent after the last counted ping, to learn where those before it were lost
	ControlSent int `json:"control_sent" is:"later"`
}

// Count describes one of Counts.
type Count struct {
	Key                         string
	Fate, Always, Summed, Later bool
	field                       int
}

// CountList describes all fields of Counts, in their order. Code that keeps, writes or shows counts goes through this
// list.
var CountList = func() (list []Count) {
	for i, f := range reflect.VisibleFields(reflect.TypeFor[Counts]()) {
		words := strings.Fields(f.Tag.Get("is"))
		is := func(word string) bool { return slices.Contains(words, word) }
		list = append(list, Count{
			Key: f.Tag.Get("json"), field: i,
			Fate: is("fate"), Always: is("always"), Summed: is("summed"), Later: is("later"),
		})
	}
	return list
}()

// SummedCounts are the entries of CountList that sums of runs have.
var SummedCounts = slices.DeleteFunc(slices.Clone(CountList), func(x Count) bool { return !x.Summed })

// Of is the address of the count in c.
func (x Count) Of(c *Counts) *int {
	return reflect.ValueOf(c).Elem().Field(x.field).Addr().Interface().(*int)
}

// Tally counts the outcomes of samples into c.
func (c *Counts) Tally(samples []Sample) {
	for _, s := range samples {
		switch s.Outcome {
		case Answered:
			c.Answered++
		case Late:
			c.Late++
		case Lost:
			c.Lost++
		case NotSent:
			c.NotSent++
		case Unsettled:
			c.Unsettled++
		}
	}
	c.Sent += len(samples) - c.NotSent
}

// Summed are the counts of c that sums of runs have.
func (c Counts) Summed() (sum Counts) {
	sum.add(c)
	return sum
}

// add adds the counts of o that sums of runs have.
func (c *Counts) add(o Counts) {
	sum, more := reflect.ValueOf(c).Elem(), reflect.ValueOf(&o).Elem() // a store adds up many: Of takes longer
	for _, x := range SummedCounts {
		n := sum.Field(x.field)
		n.SetInt(n.Int() + more.Field(x.field).Int())
	}
}

// Settled is the number of pings whose fate is known: the denominator of loss.
func (c Counts) Settled() int { return c.Answered + c.Late + c.Lost }

// Failed is the numerator of loss.
func (c Counts) Failed() int { return c.Late + c.Lost }
