package analysis

import (
	"sort"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/lab"
)

// following is how long a packet is looked for on a hop. The same size does not come again within that time.
const following = 10 * time.Second

// early is how much earlier than its sample says a packet may have come to the router: a page and its worker stamp a
// packet only when they get to it.
const early = 10 * time.Millisecond

// bySize follows each audio packet by its size, which tells its number: on the way only encryption and headers change
// the size, by a constant on each hop. Packets may so overtake each other, and the dropped ones are known as well as
// the carried ones. numbered is false where the sizes do not tell the numbers.
func bySize(hops [4][]lab.Record, run bench.Run, start time.Duration) (followed []Injection, numbered bool) {
	list, at := make([]Injection, len(run.Samples)), make([]time.Duration, len(run.Samples))
	for i, s := range run.Samples {
		list[i] = Injection{Seq: s.Seq, OK: s.Outcome != bench.NotSent, DroppedOn: -1}
		at[i] = start + s.Sent
	}
	window := following
	if run.Plan.Cooldown > 0 {
		window = min(window, audio.LabSizes*run.Plan.Cooldown/2)
	}
	for h, records := range hops {
		constant, ok := added(records, list, at)
		if h == 0 && !ok {
			return nil, false
		}
		sized := map[int][]lab.Record{}
		for _, r := range records {
			sized[r.Size-constant] = append(sized[r.Size-constant], r)
		}
		for i := range list {
			if !list[i].OK {
				continue
			}
			var r lab.Record
			found := false
			if ok {
				r, found = first(sized[audio.LabSize(0, list[i].Seq)], at[i]-early, at[i]+window)
			}
			list[i].follow(h, r, found, &at[i], start+run.Samples[i].Sent)
		}
	}
	return list, true
}

// added is by how many bytes packets on this hop are larger than their numbers say: the commonest difference of the
// packets that came soon after the pings could be there. ok is false where fewer than half of the pings have that
// difference.
func added(records []lab.Record, list []Injection, at []time.Duration) (constant int, ok bool) {
	votes, voters := map[int]int{}, 0
	for i, in := range list {
		if !in.OK {
			continue
		}
		voters++
		for j := after(records, at[i]-clockTolerance); j < len(records) && records[j].Arrived <= at[i]+hopWindow; j++ {
			votes[records[j].Size-audio.LabSize(0, in.Seq)]++
		}
	}
	most := 0
	for c, n := range votes {
		if n > most || n == most && c < constant {
			constant, most = c, n
		}
	}
	return constant, most > 0 && 2*most >= voters
}

// after is the index of the first record that came at begin or later.
func after(list []lab.Record, begin time.Duration) int {
	return sort.Search(len(list), func(i int) bool { return list[i].Arrived >= begin })
}

// first is the first record that came from begin to end.
func first(list []lab.Record, begin, end time.Duration) (lab.Record, bool) {
	i := after(list, begin)
	if i == len(list) || list[i].Arrived > end {
		return lab.Record{}, false
	}
	return list[i], true
}
