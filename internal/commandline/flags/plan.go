package flags

import (
	"fmt"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
	"rtcbench/internal/measure"
	"rtcbench/internal/settings"
)

// PlanGroup are the flags of every command that measures. --timeout is the command's own,
// for its short form differs.
type PlanGroup struct {
	Iterations       string `short:"n" from:"ITERATIONS" group:"what" default:"100" placeholder:"100" help:"Pings to send."`
	Cooldown         string `short:"c" from:"COOLDOWN_MS" group:"what" default:"100" placeholder:"100" help:"Milliseconds from ping to ping; 0 = the next one when the last is settled."`
	Warmup           string `from:"RTCBENCH_WARMUP" group:"what" default:"5" placeholder:"5" help:"Pings to discard after the first pong."`
	Payload          string `from:"RTCBENCH_PAYLOAD" group:"what" default:"0" placeholder:"0" help:"Pad pings to this many bytes; 0 = as they are."`
	EchoTimeout      string `from:"RTCBENCH_ECHO_TIMEOUT" group:"what" default:"10s" placeholder:"10s" help:"How long to wait for the first pong of all."`
	ConnectTimeout   string `from:"RTCBENCH_CONNECT_TIMEOUT" group:"what" default:"30s" placeholder:"30s" help:"How long joining the room may take; by default 60s in a browser, whose start counts."`
	ReconnectTimeout string `from:"RTCBENCH_RECONNECT_TIMEOUT" group:"what" default:"10s" placeholder:"10s" help:"How long a lost connection may take to come back."`
	Location         string `short:"l" from:"LOCATION_ID" group:"what" placeholder:"NAME" help:"Where this is measured from, as us-west-2; stored with the result."`
}

// ChannelGroup is the flag that chooses what carries the pings, among what a platform carries.
type ChannelGroup struct {
	Channel string `from:"RTCBENCH_CHANNEL" group:"what" enum:"reliable,lossy,audio" default:"reliable" placeholder:"reliable" help:"What carries the pings: messages (reliable), or an audio track (audio), with a cooldown of 20."`
}

// Known is the channel, if p carries it. A variable that is set for another platform is no error.
func (f ChannelGroup) Known(c *settings.Check, p bench.Platform) string {
	if p.Carries(bench.ClassOf(f.Channel)) {
		return f.Channel
	}
	if c.Rank("channel") == settings.ByFlag {
		c.Fail("channel", f.Channel, fmt.Sprintf("%s: %s has no %s channel", strings.Join(p.Channels(), " or "),
			p.Title, f.Channel))
	}
	return bench.DataChannelReliable.Channel()
}

// audioCooldown is the default cooldown of pings in audio packets: the distance of the packets of a voice.
const audioCooldown = audio.Frame

// CarriedBy fits plan to the channel that carries its pings and to the engine.
func (f PlanGroup) CarriedBy(c *settings.Check, plan *bench.Plan, channel, engine string) {
	plan.Class = bench.ClassOf(channel)
	if plan.Class != bench.RTPAudio {
		return
	}
	if c.Rank("cooldown") == settings.ByDefault {
		plan.Cooldown = audioCooldown
	}
	if engine == bench.Browser && plan.Cooldown > 0 && plan.Cooldown < audio.Frame && c.Err == nil {
		c.Err = settings.Usagef("%s %v: in a browser pings ride the packets of its encoder, one every %v; give %d "+
			"or more, or 0 for one after the other", c.Name("cooldown"), plan.Cooldown, audio.Frame,
			audio.Frame.Milliseconds())
	}
	if plan.PayloadBytes > audio.MaxSize && c.Err == nil {
		c.Err = settings.Usagef("%s %d: an audio packet has at most %d bytes", c.Name("payload"), plan.PayloadBytes,
			audio.MaxSize)
	}
}

// MediaGroup is the flag that asks for the time that sound itself takes.
type MediaGroup struct {
	Media bool `from:"RTCBENCH_MEDIA" group:"what" help:"Also say bursts of noise on the track of the pings, and time them from mouth to ear: with the channel audio, in a browser; at an echo elsewhere with a cooldown of 20."`
}

// Heard sets in plan whether sound itself is timed. A variable that is set for other commands is no error.
func (f MediaGroup) Heard(c *settings.Check, plan *bench.Plan, engine string) {
	plan.Media = f.Media && plan.Class == bench.RTPAudio && engine == bench.Browser
	if !f.Media || plan.Media || c.Rank("media") != settings.ByFlag || c.Err != nil {
		return
	}
	if plan.Class != bench.RTPAudio {
		c.Err = settings.Usagef("%s: bursts are said on the audio track of the pings; give --%s audio with it",
			c.Name("media"), c.Flag("channel"))
		return
	}
	c.Err = settings.Usagef("%s: only the browser engine has an encoder, a jitter buffer and a decoder; give "+
		"--%s browser with it", c.Name("media"), c.Flag("engine"))
}

// SentBack fails where sound would come back in pieces. An echo elsewhere may be one in Go, which sends back only the
// frames that carry pings. A page of this process sends back all frames.
func SentBack(c *settings.Check, job measure.Job) error {
	p := job.Plan
	if !p.Media || job.Local || p.Cooldown > 0 && p.Cooldown <= audio.Frame {
		return nil
	}
	return settings.Usagef("%s %v: with %s an echo elsewhere sends back those frames alone that have a ping, one "+
		"every %v; leave out %[1]s, or let a page answer from here (%[5]s local)", c.Name("cooldown"), p.Cooldown,
		c.Name("media"), audio.Frame, c.Name("echo"))
}

// Bounds of what a plan can ask for.
const (
	maxIterations = 10_000_000
	maxPayload    = 15_000
	MaxWait       = time.Hour
)

// Plan reads a plan from the flags, without what carries its pings. timeout is the value of the command's own flag.
func (f PlanGroup) Plan(c *settings.Check, timeout string) bench.Plan {
	c.Label("location", f.Location, 256)
	return bench.Plan{
		Count:            c.Number("iterations", f.Iterations, 1, maxIterations),
		Timeout:          c.Millis("timeout", timeout, time.Millisecond, MaxWait),
		Cooldown:         c.Millis("cooldown", f.Cooldown, 0, MaxWait),
		Warmup:           c.Number("warmup", f.Warmup, 0, 10_000),
		PayloadBytes:     c.Number("payload", f.Payload, 0, maxPayload),
		EchoTimeout:      c.Millis("echo-timeout", f.EchoTimeout, time.Millisecond, MaxWait),
		ReconnectTimeout: c.Millis("reconnect-timeout", f.ReconnectTimeout, time.Millisecond, MaxWait),
	}
}

// InBrowser is how long a join in a browser may take by default: on a busy machine Chromium alone needs half of it.
const InBrowser = time.Minute

// Within is the limit for everything until the seats are taken.
func (f PlanGroup) Within(c *settings.Check, browser bool) time.Duration {
	within := c.Millis("connect-timeout", f.ConnectTimeout, time.Millisecond, MaxWait)
	if browser && c.Rank("connect-timeout") == settings.ByDefault {
		return InBrowser
	}
	return within
}
