package flags

import (
	"errors"
	"slices"
	"strings"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/measure"
	"rtcbench/internal/pictures"
	"rtcbench/internal/settings"
	"rtcbench/internal/turn"
)

// TurnGroup are the flags that say how a call goes, on any platform.
type TurnGroup struct {
	Turns    string   `short:"n" from:"RTCBENCH_TURNS" group:"what" default:"10" placeholder:"10" help:"Turns of each call; in LiveKit's sandbox 5."`
	Calls    string   `from:"RTCBENCH_CALLS" group:"what" default:"1" placeholder:"1" help:"Calls, one after the other: each in a fresh room, or all in the room of --room or of a token."`
	Timeout  string   `from:"RTCBENCH_TURN_TIMEOUT" group:"what" default:"15s" placeholder:"15s" help:"How long an answer may take."`
	Rest     string   `from:"RTCBENCH_TURN_REST" group:"what" default:"1s" placeholder:"1s" help:"Silence before each turn; in LiveKit's sandbox 400ms."`
	Gap      string   `from:"RTCBENCH_TURN_GAP" group:"what" default:"300ms" placeholder:"300ms" help:"Silence within a reply that is told."`
	Greeting string   `from:"RTCBENCH_TURN_GREETING" group:"what" default:"5s" placeholder:"5s" help:"How long to wait for the agent to speak first."`
	Say      []string `from:"RTCBENCH_TURN_SAY" group:"what" placeholder:"NAME" help:"What to say, in turn: short, medium, long, pause, digits, stop, or files (Ogg Opus; WAV where opusenc is installed)."`
	Script   string   `from:"RTCBENCH_TURN_SCRIPT" group:"what" placeholder:"FILE" help:"What the caller does, line by line (docs/turn.md), instead of --turns and --say." completion-predictor:"file"`
	Playout  bool     `from:"RTCBENCH_TURN_PLAYOUT" group:"what" help:"Estimate also when an answer is heard behind a jitter buffer that loses 1 % of the packets."`
	Strips   string   `from:"RTCBENCH_TURN_STRIPS" group:"out" placeholder:"FILE" help:"Draw each turn, who spoke when, as a picture: .svg or .png." completion-predictor:"file"`
	Record   string   `from:"RTCBENCH_TURN_RECORD" group:"out" placeholder:"FILE" help:"Write both sides of the first call as one stereo file: .wav, or .ogg where opusenc is installed." completion-predictor:"file"`

	ConnectTimeout   string `from:"RTCBENCH_CONNECT_TIMEOUT" group:"what" default:"30s" placeholder:"30s" help:"How long joining may take, and the agent's coming."`
	ReconnectTimeout string `from:"RTCBENCH_RECONNECT_TIMEOUT" group:"what" default:"10s" placeholder:"10s" help:"How long a lost connection may take to come back."`
	Location         string `short:"l" from:"LOCATION_ID" group:"what" placeholder:"NAME" help:"Where this is measured from, as us-west-2; stored with the result."`
}

// Talk is the group itself, for code that knows only that a command has a TurnGroup.
func (f TurnGroup) Talk() TurnGroup { return f }

// Files are what a call writes beside its result.
func (f TurnGroup) Files() []File {
	return []File{{"record", f.Record, turn.Formats}, {"strips", f.Strips, pictures.Formats}}
}

// Reads are the files that a call reads.
func (f TurnGroup) Reads() []string { return append(slices.Clone(f.Say), f.Script) }

// Plan reads the flags of any platform into a job.
func (f TurnGroup) Plan(c *settings.Check, job *measure.TurnJob) {
	c.Label("location", f.Location, 256)
	job.Location = f.Location
	job.Within = c.Millis("connect-timeout", f.ConnectTimeout, time.Millisecond, MaxWait)
	job.Rest, job.Gap = c.Millis("rest", f.Rest, 100*time.Millisecond, MaxWait),
		c.Millis("gap", f.Gap, 20*time.Millisecond, MaxWait)
	job.Playout = f.Playout
	job.Greeting = c.Millis("greeting", f.Greeting, 0, MaxWait)
	job.Calls = c.Number("calls", f.Calls, 1, 1000)
	turns := c.Number("turns", f.Turns, 1, 10_000)
	if job.Here && c.Rank("turns") == settings.ByDefault { // a newcomer waits for them
		turns = 5
	}
	if job.Here && c.Rank("rest") == settings.ByDefault {
		job.Rest = 400 * time.Millisecond
	}
	job.Plan = bench.Plan{Class: bench.Turn,
		Timeout:          c.Millis("timeout", f.Timeout, 100*time.Millisecond, MaxWait),
		ReconnectTimeout: c.Millis("reconnect-timeout", f.ReconnectTimeout, time.Millisecond, MaxWait)}
	if f.Record != "" {
		job.Recording, job.RecordedAs = &turn.Recording{}, f.Record
	}
	if c.Err == nil {
		c.Err = f.words(c, job, turns)
	}
}

// words reads from the flags what the caller is to say.
func (f TurnGroup) words(c *settings.Check, job *measure.TurnJob, turns int) (err error) {
	say := f.Say
	if len(say) == 0 {
		say = turn.Usual()
	}
	job.Steps = turn.Repeat(say, turns)
	if f.Script != "" {
		text, err := settings.ReadFile(f.Script)
		if err == nil {
			job.Steps, err = turn.ParseScript(string(text))
		}
		if err != nil {
			return settings.Usagef("%s %s: %w", c.Name("script"), settings.ShownName(f.Script), err)
		}
	}
	job.Plan.Count = job.Calls * turn.Turns(job.Steps)
	job.Utterances, err = turn.Load(turn.Said(job.Steps))
	from := c.Name(map[bool]string{true: "say", false: "script"}[f.Script == ""])
	var unreadable *turn.UnreadableError
	switch {
	case errors.As(err, &unreadable):
		shown := settings.Shown(unreadable.Name, turn.Names()...)
		if strings.ContainsAny(unreadable.Name, "./") { // a file
			shown = settings.ShownName(unreadable.Name)
		}
		return settings.Usagef("%s: %s %w", from, shown, unreadable.Err)
	case err != nil:
		return settings.Usagef("%s: %w", from, err)
	}
	return nil
}
