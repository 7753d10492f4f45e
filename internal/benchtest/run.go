package benchtest

import (
	"errors"
	"math/rand/v2"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/stats"
)

// Run is a run of n pings on a path of about 40 ms, always the same: ping 7 is lost, 11 late,
// 13 not sent.
func Run(n int) bench.Run {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	once := uint16(1)
	r := bench.Run{
		ID: "019ab000-0000-7000-8000-000000000001", Platform: "livekit", Location: "us-west-2",
		RoomURL: "wss://example.livekit.cloud",
		Plan: bench.Plan{Count: n, Cooldown: 100 * time.Millisecond, Timeout: time.Second, Warmup: 5,
			EchoTimeout: 10 * time.Second, Class: bench.DataChannelLossy},
		Start: start, Ended: bench.Complete,
		Counts: bench.Counts{WarmupSent: 6, Duplicate: 1, ControlSent: 2},
		Ways:   bench.Ways{Known: true},
		Echo: bench.Echo{Mode: "remote", Kind: "rtcbench", Identity: "rtcbench-echo-abc",
			FirstPong: 180 * time.Millisecond},
		Clocks: bench.UnknownOffsets,
		Tool:   bench.Tool{Version: "1.2.3", Commit: "0123456789ab", Go: "go1.26", OS: "linux", Arch: "amd64"},
		Pauses: bench.Pauses{Total: 300 * time.Microsecond, Max: 120 * time.Microsecond},
		Machine: bench.Machine{Steal: bench.Share{Ratio: 0.004, OK: true}, Waited: bench.Share{Ratio: 0.0125, OK: true},
			ClockStep: bench.Quantity{D: -3 * time.Microsecond, OK: true}},
		Facts: bench.Facts{
			Identity: "rtcbench-runner-xyz", Engine: "native", EngineVersion: "server-sdk-go 2.18.1",
			Transport:   bench.DataChannelLossy,
			Channel:     bench.Channel{Known: true, MaxRetransmits: &once},
			Inbound:     bench.Channel{Known: true, MaxRetransmits: new(uint16)},
			JoinStarted: start.Add(-time.Second),
			Server:      bench.Server{Version: "1.13.5", Region: "us-west", Node: "ND_1"},
			Phases: []bench.Phase{{Name: "signalling", At: 50 * time.Millisecond},
				{Name: "ice", Leg: bench.Subscriber, At: 90 * time.Millisecond},
				{Name: "dtls", Leg: bench.Subscriber, At: 130 * time.Millisecond}},
			ICE: []bench.ICEPair{{Leg: bench.Subscriber, At: start.Add(-900 * time.Millisecond),
				Local:  bench.Candidate{Type: "srflx", Protocol: "udp", Family: "ipv4"},
				Remote: bench.Candidate{Type: "host", Protocol: "udp", Family: "ipv4"}}},
		},
	}
	c := &r.Counts
	for seq := uint32(1); c.Sent < n; seq++ {
		s := bench.Sample{Seq: seq, Due: r.Plan.Due(seq), Outcome: bench.Answered, Stamped: true}
		s.Sent = s.Due + time.Duration(rng.IntN(900))*time.Microsecond
		s.SendCall = 30 * time.Microsecond
		up, down := 18*time.Millisecond+time.Duration(rng.ExpFloat64()*2e6), 20*time.Millisecond+
			time.Duration(rng.ExpFloat64()*2e6)
		s.Hold = 40 * time.Microsecond
		s.RTT, s.Up = up+s.Hold+down, up+3*time.Second // the echo's clock is 3 s ahead
		switch seq {
		case 7:
			s.Outcome, s.Reason, s.Stamped, s.RTT, s.Hold, s.Up = bench.Lost, bench.OnWayUp, false, 0, 0, 0
			r.Ways.Up = 1
			c.Lost++
		case 11:
			s.Outcome, s.RTT = bench.Late, 1200*time.Millisecond
			c.Late++
		case 13:
			s = bench.Sample{Seq: seq, Due: s.Due, Outcome: bench.NotSent, Reason: bench.Stalled}
			c.NotSent++
		default:
			c.Answered++
		}
		if s.Outcome != bench.NotSent {
			c.Sent++
		}
		r.Samples = append(r.Samples, s)
		r.End = start.Add(s.Due + s.RTT)
	}
	return r
}

// Audio is Run, of audio packets.
func Audio(n int) bench.Run {
	r := Run(n)
	r.Plan.Class, r.Facts.Transport = bench.RTPAudio, bench.RTPAudio
	r.Facts.Channel, r.Facts.Inbound = bench.Channel{}, bench.Channel{}
	leg := bench.AudioLeg{Leg: bench.Publisher, Codec: "audio/opus", ClockRate: 48000, Channels: 2, PayloadType: 111,
		Extensions: []string{}, Stamped: bench.StampedWire}
	down, again := leg, 2
	down.Leg, down.NACK, down.Retransmitted = bench.Subscriber, true, &again
	down.Extensions = []string{"http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"}
	r.Facts.Audio = []bench.AudioLeg{leg, down}
	return r
}

// Sound is Audio in a page that also spoke: of two bursts one was heard.
func Sound(n int) bench.Run {
	r := Audio(n)
	r.Facts.Engine, r.Plan.Media = bench.Browser, true
	known := func(ms int) bench.Quantity { return bench.Known(time.Duration(ms)*time.Millisecond, true) }
	r.Media = &bench.Media{Bursts: []bench.NoiseBurst{
		{Seq: 1, At: known(-20), Ear: known(310), Match: 0.93, Buffer: known(120), Target: known(80), Played: 12000},
		{Seq: 2, At: known(230), Played: 12000, Concealed: 600},
	}}
	return r
}

// Runs are one of each kind: complete, cut off (and invalid, for the server changed), without a pong, of audio, of
// turns.
func Runs() map[string]bench.Run {
	few := Run(5)
	few.Location, few.Plan.Class, few.Plan.Cooldown = "", "", 0
	few.Facts.Transport, few.Facts.Channel = bench.DataChannelReliable, bench.Channel{Known: true, Ordered: true}
	few.Echo.Mode, few.Clocks = "local", bench.OneClock
	few.Facts.Changes = []bench.Change{
		{What: "node", From: "ND_1", To: "ND_2", At: few.Start.Add(3 * time.Millisecond)}}
	for i := range few.Samples {
		few.Samples[i].Up -= 3 * time.Second
	}
	few.Ended, few.Err = bench.LinkLost, errors.New("session ended: no connection to the server for 10s")

	none := Run(5)
	none.Ways = bench.Ways{}
	none.Samples, none.Counts, none.Ended = nil, bench.Counts{WarmupSent: 200}, bench.LinkLost
	none.Echo, none.Err, none.End = bench.Echo{Mode: "remote"}, bench.ErrNoEcho, none.Start
	daily := Run(100)
	daily.Platform, daily.RoomURL, daily.Standin, daily.Clocks = "daily", "https://example.daily.co/room", true,
		bench.SyncedClocks
	daily.Plan.Class, daily.Plan.Aligned, daily.Plan.Phase = "", true, 50*time.Millisecond
	daily.Synced = stats.Offset{Theta: 3 * time.Second, Lo: 3*time.Second - 40*time.Microsecond, Hi: 3*time.Second +
		60*time.Microsecond}
	daily.Floor = &bench.Floor{RTT: 1900 * time.Microsecond, Age: 3 * time.Hour}
	daily.Facts.Engine, daily.Facts.EngineVersion, daily.Facts.Transport = "browser", "daily-js 0.87.0",
		bench.SignallingWebSocket
	daily.Facts.Channel, daily.Facts.Inbound, daily.Facts.ICE, daily.Facts.Reconnects = bench.Channel{},
		bench.Channel{}, nil, 1
	daily.Facts.Topology, daily.Facts.SFU, daily.Facts.Geo, daily.Facts.SignallingHost = "sfu", "sfu-1",
		"eu-central-1", "127.0.0.1"
	daily.Facts.NetworkRTT = bench.Quantity{D: 12 * time.Millisecond, OK: true}
	daily.Doubts = []bench.Doubt{{Code: "topology", Text: "an example of a doubt from outside the samples"}}
	return map[string]bench.Run{"daily": daily, "complete": Run(400), "ended-early": few, "no-pong": none,
		"audio": Audio(50), "turns": Turns()}
}

// Records are runs with what they say.
func Records(runs ...bench.Run) (list []bench.Record) {
	for _, r := range runs {
		list = append(list, bench.NewRecord(r))
	}
	return list
}
