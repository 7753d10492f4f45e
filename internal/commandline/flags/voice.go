package flags

import (
	"time"

	"rtcbench/bench"
	"rtcbench/internal/report"
	"rtcbench/internal/settings"
	"rtcbench/internal/voice"
)

// VoiceGroup are the flags that say what is assumed of a conversation over the path.
type VoiceGroup struct {
	Voice        bool   `from:"RTCBENCH_VOICE" group:"voice" help:"Show how the voice line of an audio run comes about: each value, measured or assumed, with its source."`
	VoiceCapture string `from:"RTCBENCH_VOICE_CAPTURE" group:"voice" default:"10" placeholder:"10" help:"Milliseconds that capture takes."`
	VoiceFrame   string `from:"RTCBENCH_VOICE_FRAME" group:"voice" default:"26.5" placeholder:"26.5" help:"Milliseconds of a codec frame and its lookahead."`
	VoiceBuffer  string `from:"RTCBENCH_VOICE_BUFFER" group:"voice" placeholder:"MS" help:"Jitter buffer beyond the fastest packet (default: the one that would have lost 1 %)."`
	VoicePlayout string `from:"RTCBENCH_VOICE_PLAYOUT" group:"voice" default:"10" placeholder:"10" help:"Milliseconds that playout takes."`
	VoiceTurn    string `from:"RTCBENCH_VOICE_TURN" group:"voice" default:"800" placeholder:"800" help:"Milliseconds that an agent may take to reply."`
	VoiceIe      string `from:"RTCBENCH_VOICE_IE" group:"voice" placeholder:"N" help:"Equipment impairment factor of the codec (G.107); Opus has no standard one."`
	VoiceBpl     string `from:"RTCBENCH_VOICE_BPL" group:"voice" placeholder:"N" help:"Packet-loss robustness factor of the codec (G.107); Opus has no standard one."`
	VoiceCodec   string `from:"RTCBENCH_VOICE_CODEC" group:"voice" placeholder:"NAME" help:"Both of a fit in the literature, as opus-nb-vbr-9 (docs/methodology.md)."`
}

// maxVoice is the largest time that can be assumed, in milliseconds.
const maxVoice = 60_000

// Check finds out whether the flags make sense.
func (f VoiceGroup) Check(c *settings.Check) {
	if f != (VoiceGroup{}) { // the command has them
		f.assumptions(c)
	}
}

// assumptions are what the flags say.
func (f VoiceGroup) assumptions(c *settings.Check) voice.Assumptions {
	ms := func(flag, text string) time.Duration {
		v, _ := c.Limit(flag, text, maxVoice)
		return time.Duration(v * float64(time.Millisecond))
	}
	a := voice.Assumptions{Capture: ms("voice-capture", f.VoiceCapture), Frame: ms("voice-frame", f.VoiceFrame),
		Playout: ms("voice-playout", f.VoicePlayout), Turn: ms("voice-turn", f.VoiceTurn)}
	if a.Turn == 0 {
		c.Fail("voice-turn", f.VoiceTurn, "a number above 0")
	}
	a.Buffer = bench.Known(ms("voice-buffer", f.VoiceBuffer), f.VoiceBuffer != "")
	a.Codec = f.codec(c)
	return a
}

// codec is what the codec takes of the rating, if the flags say so.
func (f VoiceGroup) codec(c *settings.Check) (codec voice.Codec) {
	ie, hasIe := c.Limit("voice-ie", f.VoiceIe, 95)
	bpl, hasBpl := c.Limit("voice-bpl", f.VoiceBpl, 1000)
	switch {
	case c.Err != nil:
	case f.VoiceCodec != "" && (hasIe || hasBpl):
		c.Err = settings.Usagef("%s says both of %s and %s; leave out the name, or the numbers",
			c.Name("voice-codec"), c.Name("voice-ie"), c.Name("voice-bpl"))
	case f.VoiceCodec != "":
		var err error
		if codec, err = voice.CodecNamed(f.VoiceCodec); err != nil {
			c.Fail("voice-codec", f.VoiceCodec, err.Error())
		}
	case hasIe != hasBpl:
		has, lacks := "voice-ie", "voice-bpl"
		if hasBpl {
			has, lacks = lacks, has
		}
		c.Err = settings.Usagef("%s needs --%s: a codec's rating has both (G.107), and Opus has no standard value",
			c.Name(has), c.Flag(lacks))
	case hasBpl && bpl == 0:
		c.Fail("voice-bpl", f.VoiceBpl, "a number above 0")
	case hasIe:
		codec = voice.Codec{Known: true, Ie: ie, Bpl: bpl, Source: "as given"}
	}
	return codec
}

// Assumed is what the flags say, in the form in which a run keeps it. Check must have been called before.
func (f VoiceGroup) Assumed() *bench.Assumed {
	if f == (VoiceGroup{}) {
		return nil
	}
	return voice.Assumed(f.assumptions(&settings.Check{Sources: settings.New(nil, "")}))
}

// Table is how the runs are shown.
func (f VoiceGroup) Table() report.Table { return report.Table{Explain: f.Voice} }
