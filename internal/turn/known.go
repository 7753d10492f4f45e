package turn

import (
	"sync"
	"time"

	"rtcbench/internal/turn/utterances"
)

// packetsKnown are the packets of this program's utterances. Each has the number of the sample up to which it can be
// heard; 0 = nothing of it can. No server changes these packets, so an agent of ours that is called by rtcbench decodes
// nothing.
var packetsKnown = sync.OnceValues(func() (map[string]int, error) {
	list := map[string]int{}
	quiet, err := utterances.File(utterances.Quiet)
	if err != nil {
		return nil, err
	}
	packets, err := packetsOf(utterances.Quiet, quiet)
	if err != nil {
		return nil, err
	}
	for _, p := range packets {
		list[string(p)] = 0
	}
	for _, name := range utterances.Names() {
		u, err := Builtin(name)
		if err != nil {
			return nil, err
		}
		for i, p := range u.Packets {
			until := u.audibleIn(i)
			if was, twice := list[string(p)]; !twice || until > was {
				list[string(p)] = until
			}
		}
	}
	return list, nil
})

// audibleIn is the sample of a packet up to which something can be heard; 0 = nothing can.
func (u Utterance) audibleIn(packet int) (until int) {
	from, to := packet*frameSamples, (packet+1)*frameSamples
	for _, v := range u.voices {
		begins, ends := samplesIn(v.from.Sub(time.Time{})), samplesIn(v.to.Sub(time.Time{}))
		if begins < to && ends > from {
			until = min(ends, to) - from
		}
	}
	return until
}
