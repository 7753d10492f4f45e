package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	protocol "github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/echo"
	"rtcbench/internal/ping"
	"rtcbench/internal/platform/livekit"
)

// soundPeriod is the grid of each of two kinds that alternate, half of it apart: each follows the other.
const soundPeriod = audio.Frame

// soundBlocks is how many times two kinds are measured beside each other, each time for a share of the pings. A machine
// that is slow for a second is slow for both.
const soundBlocks = 12

// sound measures pings in audio packets beside the barest loop of RTP, and beside lossy messages, each two in turn.
func sound(pings int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := soundAllocations(ctx); err != nil { // before anybody else allocates in this process
		return err
	}
	p, err := startServer(ctx)
	if err != nil {
		return err
	}
	packets, err := p.pair(ctx, "sound", bench.RTPAudio)
	if err != nil {
		return err
	}
	defer packets.Close()
	messages, err := p.pair(ctx, "messages", bench.DataChannelLossy)
	if err != nil {
		return err
	}
	defer messages.Close()
	loop, stop, err := bareSound(ctx, p)
	if err != nil {
		return err
	}
	defer stop()
	time.Sleep(3 * time.Second) // the streams are bound by then
	heard := func(n int, at time.Time) (bench.Run, error) {
		return probeClass(ctx, packets, bench.RTPAudio, n, soundPeriod, at)
	}
	bare, err := beside(pings, heard, func(n int, at time.Time) ([]time.Duration, error) {
		return onGridOf(soundPeriod, at, n, loop), nil
	})
	if err != nil {
		return err
	}
	said, err := beside(pings, heard, func(n int, at time.Time) ([]time.Duration, error) {
		run, err := probeClass(ctx, messages, bench.DataChannelLossy, n, soundPeriod, at)
		return bench.Summarise(run).RTTs, err
	})
	if err != nil {
		return err
	}
	fmt.Printf("round trip in ms, %d blocks of %d pings of each, alternating, against one server process:\n",
		soundBlocks, pings/soundBlocks)
	bare.rows("barest loop of RTP on server-sdk-go", "barest loop", "≤ 1.10")
	said.rows("lossy messages", "lossy message", "≤ 0.60")
	row("  packets that came back with a record that holds", fmt.Sprintf("%d of %d", bare.answered+said.answered,
		bare.sent+said.sent), "all")
	row("  echo holds a packet, P50", fmt.Sprintf("%.3f ms", quantile(bare.held, 0.5)), "")
	if err := soundCosts(ctx, packets, messages); err != nil {
		return err
	}
	return soundInPages(ctx, p, pings)
}

// blocks are what two kinds took that alternated, block by block.
type blocks struct {
	ours, theirs, held []time.Duration
	ratios             []float64 // of the medians of a block
	sent, answered     int
}

// beside measures two kinds in turn, each a half of the grid after the other.
func beside(pings int, ours func(n int, at time.Time) (bench.Run, error),
	theirs func(n int, at time.Time) ([]time.Duration, error)) (b blocks, err error) {
	for range soundBlocks {
		var run bench.Run
		var other []time.Duration
		var errs [2]error
		var kinds sync.WaitGroup
		at := time.Now().Add(10 * soundPeriod)
		kinds.Go(func() { run, errs[0] = ours(pings/soundBlocks, at) })
		kinds.Go(func() { other, errs[1] = theirs(pings/soundBlocks, at.Add(soundPeriod/2)) })
		kinds.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			return b, err
		}
		rtts := bench.Summarise(run).RTTs
		b.ours, b.theirs = append(b.ours, rtts...), append(b.theirs, other...)
		b.sent, b.answered = b.sent+run.Counts.Sent, b.answered+run.Counts.Answered
		if middle := quantile(other, 0.5); middle > 0 {
			b.ratios = append(b.ratios, quantile(rtts, 0.5)/middle)
		}
		for _, s := range run.Samples {
			if s.Stamped {
				b.held = append(b.held, s.Hold)
			}
		}
	}
	return b, nil
}

// rows prints both kinds, and their ratio.
func (b blocks) rows(theirs, one, wanted string) {
	for _, kind := range []struct {
		name string
		rtts []time.Duration
	}{{"  audio packets", b.ours}, {"  " + theirs, b.theirs}} {
		row(kind.name, fmt.Sprintf("p50 %.3f", quantile(kind.rtts, 0.5)),
			fmt.Sprintf("p95 %.3f", quantile(kind.rtts, 0.95)))
	}
	row("  p50, audio packet / "+one, b.ratio(), wanted)
}

// ratio is the median of the blocks' ratios, and between what the middle half of them lies.
func (b blocks) ratio() string {
	if len(b.ratios) == 0 {
		return "not measured"
	}
	slices.Sort(b.ratios)
	at := func(q float64) float64 { return b.ratios[int(q*float64(len(b.ratios)-1)+0.5)] }
	return fmt.Sprintf("%.2f (%.2f … %.2f)", at(0.5), at(0.25), at(0.75))
}

// soundCosts compares the CPU time of a packet with that of a message: runner and echo, without the server.
func soundCosts(ctx context.Context, packets, messages bench.Session) error {
	const count = 3000
	var cost [2]float64
	for i, k := range []struct {
		s     bench.Session
		class bench.TransportClass
	}{{packets, bench.RTPAudio}, {messages, bench.DataChannelLossy}} {
		before := cpuTime()
		run, err := probeClass(ctx, k.s, k.class, count, 2*time.Millisecond, time.Now())
		if err != nil {
			return err
		}
		cost[i] = float64((cpuTime() - before).Microseconds()) / float64(run.Counts.Sent)
	}
	row("  CPU time a packet, runner and echo, SDK included", fmt.Sprintf("%.0f µs", cost[0]), "")
	row("  CPU time, packet / lossy message", fmt.Sprintf("%.2f", cost[0]/cost[1]), "≤ 1.5")
	return nil
}

// pair is a runner's seat in a room with an echo of its own in this process.
func (p place) pair(ctx context.Context, room string, class bench.TransportClass) (bench.Session, error) {
	m := p.meeting(room, class)
	if err := answering(ctx, m, class); err != nil {
		return nil, err
	}
	return sit(ctx, m, bench.Runner, class)
}

// meeting is a room where a class is measured.
func (p place) meeting(room string, class bench.TransportClass) *livekit.Meeting {
	return livekit.NewMeeting(bench.Place{URL: p.url, Room: room, Key: p.key.Key, Secret: p.key.Secret, Class: class},
		time.Hour)
}

// sit takes a seat of a meeting.
func sit(ctx context.Context, m *livekit.Meeting, role bench.Role, class bench.TransportClass) (bench.Session, error) {
	seat, err := m.Seat(role, string(role))
	if err != nil {
		return nil, err
	}
	return livekit.Transport{}.Join(ctx, seat.Room,
		bench.JoinOptions{ReconnectTimeout: 5 * time.Second, Class: class, Role: role, Identity: string(role)})
}

// answering lets an echo in this process answer in a meeting until ctx ends.
func answering(ctx context.Context, m *livekit.Meeting, class bench.TransportClass) error {
	s, err := sit(ctx, m, bench.Answerer, class)
	if err != nil {
		return err
	}
	go func() {
		echo.Answer(ctx, s, bench.NewClock())
		s.Close()
	}()
	return nil
}

// soundPlan measures so many pings, one each cooldown.
func soundPlan(class bench.TransportClass, pings int, cooldown time.Duration) bench.Plan {
	return bench.Plan{Count: pings, Cooldown: cooldown, Timeout: 5 * time.Second, Warmup: 1,
		EchoTimeout: 10 * time.Second, ReconnectTimeout: 5 * time.Second, Class: class}
}

// probeClass measures on a grid that begins about then.
func probeClass(ctx context.Context, s bench.Session, class bench.TransportClass, pings int, cooldown time.Duration,
	at time.Time) (bench.Run, error) {
	time.Sleep(time.Until(at.Add(-cooldown))) // one warm-up pong, then the grid
	plan := soundPlan(class, pings, cooldown)
	if class == bench.RTPAudio {
		return audio.Prober{Session: s, Clock: bench.NewClock()}.Probe(ctx, plan, nil)
	}
	return ping.NewProber(s, bench.NewClock()).Probe(ctx, plan, nil)
}

// bareSound is the least that writes and reads RTP on server-sdk-go: no record, no match, no stream.
func bareSound(ctx context.Context, p place) (ping func() (time.Duration, bool), stop func(), err error) {
	back := make(chan time.Time, 64)
	m := livekit.NewMeeting(bench.Place{URL: p.url, Room: "bare-sound", Key: p.key.Key, Secret: p.key.Secret,
		Class: bench.RTPAudio}, time.Hour)
	var tracks [2]*lksdk.LocalTrack
	var rooms [2]*lksdk.Room
	stop = func() {
		for _, r := range rooms {
			if r != nil {
				r.Disconnect()
			}
		}
	}
	for i, name := range []string{"echo", "runner"} {
		tracks[i], err = lksdk.NewLocalTrack(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000,
			Channels: 2})
		if err != nil {
			return nil, stop, err
		}
		hear := func(t *webrtc.TrackRemote, _ *lksdk.RemoteTrackPublication, _ *lksdk.RemoteParticipant) {
			for n := uint16(0); ; {
				packet, _, err := t.ReadRTP()
				switch {
				case err != nil:
					return
				case len(packet.Payload) != len(bareSilence): // the SFU's own
				case i == 1:
					back <- time.Now()
				default:
					n++
					tracks[0].WriteRTP(barePacket(n, packet.Payload), nil)
				}
			}
		}
		seat, err := m.Seat(bench.Answerer, name)
		if err != nil {
			return nil, stop, err
		}
		rooms[i], err = lksdk.ConnectToRoomWithToken(p.url, seat.Token, &lksdk.RoomCallback{
			ParticipantCallback: lksdk.ParticipantCallback{OnTrackSubscribed: func(t *webrtc.TrackRemote,
				pub *lksdk.RemoteTrackPublication, who *lksdk.RemoteParticipant) {
				go hear(t, pub, who)
			}}})
		if err != nil {
			return nil, stop, err
		}
		if _, err := rooms[i].LocalParticipant.PublishTrack(tracks[i],
			&lksdk.TrackPublicationOptions{Name: name, Source: protocol.TrackSource_MICROPHONE}); err != nil {
			return nil, stop, err
		}
	}
	n := uint16(0)
	ping = timed(back, func(time.Time) error {
		n++
		return tracks[1].WriteRTP(barePacket(n, bareSilence), nil)
	})
	for range 20 {
		if _, heard := ping(); heard {
			return ping, stop, nil
		}
	}
	return nil, stop, errors.New("the barest loop of RTP hears nothing")
}

// bareSilence is as large as a ping of ours.
var bareSilence = audio.Append(nil, nil, 140)

func barePacket(n uint16, payload []byte) *rtp.Packet {
	return &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 960}, Payload: payload}
}
