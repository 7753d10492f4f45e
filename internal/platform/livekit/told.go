package livekit

import (
	"strings"
	"sync"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"rtcbench/bench"
)

// What agents of LiveKit say of themselves: https://docs.livekit.io/agents/build/text/
const (
	topicOfSpeech = "lk.transcription"
	finalSpeech   = "lk.transcription_final" // "false" = more of the segment comes, in another stream
	segmentID     = "lk.segment_id"
	ofAgents      = "lk.agent." // attributes
)

// told hands on what agents say of themselves. Some agents serve clients of both kinds, and send a transcription twice:
// as a text stream, and as a message of the older kind. The first one counts.
type told struct {
	line *line

	mu   sync.Mutex
	seen map[string]bool // segments
}

// watch receives text streams, from the first one on.
func (t *told) watch(room *lksdk.Room) error {
	return room.RegisterTextStreamHandler(topicOfSpeech, func(r *lksdk.TextStreamReader, from string) {
		if r.Info.Attributes == nil { // the SDK writes the attributes of the stream's end into this map
			r.Info.Attributes = map[string]string{}
		}
		text, at := r.ReadAll(), time.Now()
		if of := r.Info.Attributes; of[finalSpeech] != "false" {
			t.transcribed(from, of[segmentID], text, at)
		}
	})
}

func (t *told) transcribed(from, segment, text string, at time.Time) {
	t.mu.Lock()
	twice := segment != "" && t.seen[segment]
	t.seen[segment] = true
	t.mu.Unlock()
	if text = strings.TrimSpace(text); text != "" && !twice {
		t.line.tell(bench.Heard{From: from, At: at, Kind: bench.HeardTold, What: "transcription", Text: text})
	}
}

// attributes hands on the attributes that a participant has changed.
func (t *told) attributes(changed map[string]string, from string) {
	at := time.Now()
	for name, value := range changed {
		if strings.HasPrefix(name, ofAgents) {
			t.line.tell(bench.Heard{From: from, At: at, Kind: bench.HeardTold, What: name, Text: value})
		}
	}
}
