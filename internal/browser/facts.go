package browser

import (
	"time"

	"rtcbench/bench"
	"rtcbench/internal/browser/contract"
)

func unixMilli(ms float64) time.Time { return time.UnixMicro(int64(ms * 1e3)) }

func fromMillis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// factsOf are the facts that a page has told.
func factsOf(f contract.Facts, identity, build string) bench.Facts {
	out := bench.Facts{
		Identity: identity, Engine: "browser", EngineVersion: f.EngineVersion + " in " + build,
		JoinStarted: unixMilli(f.JoinStarted), Transport: contract.Ways[f.Way], Reconnects: f.Reconnects,
		Channel: channelOf(f.Outbound), Inbound: channelOf(f.Inbound), Server: f.Server, Daily: f.Daily, Audio: f.Audio,
	}
	for _, p := range f.Phases {
		out.Phases = append(out.Phases, bench.Phase{Name: p.Name, Leg: bench.Leg(p.Leg), At: fromMillis(p.At)})
	}
	for _, c := range f.Changes {
		out.Changes = append(out.Changes, bench.Change{What: c.What, From: c.From, To: c.To, At: unixMilli(c.At)})
	}
	for _, p := range f.Pairs {
		pair := bench.ICEPair{Leg: bench.Leg(p.Leg), At: unixMilli(p.At)}
		pair.Local, pair.Remote = candidateOf(p.Local), candidateOf(p.Remote)
		out.ICE = append(out.ICE, pair)
	}
	return out
}

func channelOf(c *contract.Channel) bench.Channel {
	if c == nil {
		return bench.Channel{}
	}
	return bench.Channel{Known: true, Ordered: c.Ordered, MaxRetransmits: c.MaxRetransmits}
}

func candidateOf(c contract.Candidate) bench.Candidate {
	return bench.Candidate{
		Type: c.Type, Protocol: c.Protocol, RelayProtocol: c.RelayProtocol, Family: c.Family, Address: c.Address,
	}
}
