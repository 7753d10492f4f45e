package livekit

import (
	"time"

	"github.com/pion/rtcp"

	"rtcbench/bench"
)

// reported takes a packet of RTCP. In it the server says which of our reports it has seen last, and how long ago; the
// rest of the time since that report is the round trip time (RFC 3550 §6.4.1).
func (l *line) reported(packet []byte, at time.Time) {
	list, err := rtcp.Unmarshal(packet)
	if err != nil {
		return
	}
	for _, p := range list {
		var reports []rtcp.ReceptionReport
		switch p := p.(type) {
		case *rtcp.ReceiverReport:
			reports = p.Reports
		case *rtcp.SenderReport:
			reports = p.Reports
		}
		for _, r := range reports {
			if rtt, ok := roundTrip(r, at); ok {
				select {
				case l.heard <- bench.Heard{Kind: bench.HeardRTT, At: at, RTT: rtt}:
				default: // nobody reads the line: it can do without a report
				}
			}
		}
	}
}

// ntpEpoch is 1970 in seconds since 1900.
const ntpEpoch = 2_208_988_800

// roundTrip is the round trip time by a report. The times in a report are in 1/65536 s: the middle 32 of the 64 bits of
// an NTP time.
func roundTrip(r rtcp.ReceptionReport, at time.Time) (rtt time.Duration, ok bool) {
	if r.LastSenderReport == 0 {
		return 0, false
	}
	seconds, fraction := uint64(at.Unix()+ntpEpoch), uint64(at.Nanosecond())<<16/uint64(time.Second)
	units := int32(uint32(seconds<<16|fraction) - r.LastSenderReport - r.Delay)
	rtt = time.Duration(units) * time.Second >> 16
	return rtt, rtt >= 0 && rtt < time.Minute
}
