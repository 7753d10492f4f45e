package turn

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/audio"
)

// hall is where all tracks of a line are heard.
type hall struct {
	line bench.Line
	// is called with what a performer has said; nil = nobody asks
	spoken func(bench.Heard)
	// take the answers of an echo; nil = nobody asked for pings
	pings *pings
	// packets that need not be decoded, and up to which of their samples they can be heard
	known    map[string]int
	recorded func(track string, samples []float32, at time.Time, timestamp uint32) // nil = nobody records

	mu     sync.Mutex
	tracks map[string]*track
	here   map[string]time.Time // who is in the room, since when
	left   time.Time            // when somebody left last
	notes  []note
	err    error // the line is over
}

type note struct {
	at         time.Time
	what, text string
}

// track is one track as it is heard now. What is heard now only decides when the call goes on; judge measures.
type track struct {
	from      string
	ear       *ear
	slots     []slot
	threshold float64   // of now: above the quietest tenth of the last seconds
	voiceAt   time.Time // when speech was heard last
}

// aboveQuiet is by how many dB noise may now be above its quietest tenth without being taken for speech.
const aboveQuiet = 8.0

// memory is how much of a track counts for the noise of now.
const memory = 5 * time.Second

func newHall(line bench.Line) *hall {
	return &hall{line: line, tracks: map[string]*track{}, here: map[string]time.Time{}}
}

// run listens until ctx ends or the line is over.
func (h *hall) run(ctx context.Context) error {
	for {
		heard, err := h.line.Hear(ctx)
		if err != nil {
			h.mu.Lock()
			h.err = err
			h.mu.Unlock()
			return err
		}
		if heard.Kind == bench.HeardSpoken {
			if h.spoken != nil {
				h.spoken(heard)
			}
			continue
		}
		h.take(heard)
	}
}

func (h *hall) take(heard bench.Heard) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch heard.Kind {
	case bench.HeardJoined:
		if _, known := h.here[heard.From]; !known {
			h.here[heard.From] = heard.At
		}
	case bench.HeardLeft:
		delete(h.here, heard.From)
		h.left = heard.At
	case bench.HeardTold:
		h.notes = append(h.notes, note{heard.At, heard.What, heard.Text})
	case bench.HeardRTT:
		if h.pings != nil {
			h.pings.reported(heard.RTT, heard.At)
		}
	case bench.HeardSound:
		if h.pings != nil && h.pings.take(heard.Sound.Packet, heard.At) {
			return
		}
		heard.Sound.Packet = audio.Bare(heard.Sound.Packet)
		t := h.tracks[heard.Track]
		if t == nil {
			t = &track{from: heard.From, threshold: quietest}
			t.ear = newEar(t.heard)
			if h.recorded != nil {
				name := heard.Track
				t.ear.pcm = func(samples []float32, at time.Time, ts uint32) { h.recorded(name, samples, at, ts) }
			}
			h.tracks[heard.Track] = t
		}
		if audible, isKnown := h.known[string(heard.Sound.Packet)]; isKnown {
			t.ear.packets++
			if audible > 0 {
				t.voiceAt = later(t.voiceAt, heard.At.Add(place(audible)))
			}
			return
		}
		t.ear.hear(heard.Sound, heard.At)
	}
}

// heard takes the next slot.
func (t *track) heard(s slot) {
	t.slots = append(t.slots, s)
	n := len(t.slots)
	if n%20 == 0 {
		// A track that is heard only where somebody speaks on it has no noise: its quietest tenth is speech.
		noise := min(loudFloor, quietTenth(t.slots[max(0, n-int(memory/place(window))):]))
		t.threshold = max(quietest, noise+aboveQuiet)
	}
	if n >= hearing && begins(t.slots[n-hearing:], t.threshold) {
		last := t.slots[n-hearing+sounding(t.slots[n-hearing:], t.threshold)-1]
		t.voiceAt = later(t.voiceAt, last.at.Add(place(window)))
	}
}

// quietTenth is the level below which a tenth of slots is.
func quietTenth(slots []slot) float64 {
	var levels []float64
	for _, s := range slots {
		if !s.lost {
			levels = append(levels, s.level)
		}
	}
	if len(levels) < fewest {
		return nothing
	}
	slices.Sort(levels)
	return levels[len(levels)/10]
}

// voiceAt is when speech was heard last, by anybody; zero = never.
func (h *hall) voiceAt() (at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.tracks {
		at = later(at, t.voiceAt)
	}
	return at
}

// came is when the first of the participants who are here came; zero = nobody is here.
func (h *hall) came() (at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, came := range h.here {
		if at.IsZero() || came.Before(at) {
			at = came
		}
	}
	return at
}

// comesBack is how long a participant that has left may take to come back: a link that is down looks the same.
const comesBack = 2 * time.Second

// gone reports whether nobody is left who could answer: all participants who ever spoke have left the room, or
// everybody has.
func (h *hall) gone() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left.IsZero() || time.Since(h.left) < comesBack {
		return false
	}
	spoke := false
	for _, t := range h.tracks {
		_, here := h.here[t.from]
		if spoke = spoke || !t.voiceAt.IsZero(); here && !t.voiceAt.IsZero() {
			return false
		}
	}
	return spoke || len(h.here) == 0
}

// over is the reason why nothing can be heard any more; nil = the line is not over.
func (h *hall) over() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// side is what was heard of one track in a span of time.
type side struct {
	from  string
	slots []slot
}

// since is what was heard of each track from a moment on. The last samples of a packet may belong to a moment still to
// come.
func (h *hall) since(from time.Time) (list []side) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(h.tracks)) {
		t := h.tracks[name]
		a := slices.IndexFunc(t.slots, func(s slot) bool { return !s.at.Before(from) })
		if a >= 0 {
			list = append(list, side{t.from, slices.Clone(t.slots[a:])})
		}
	}
	return list
}

// forget drops what was heard before a moment, of each track.
func (h *hall) forget(before time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.tracks {
		n := 0
		for n < len(t.slots) && t.slots[n].at.Before(before) {
			n++
		}
		t.slots = append([]slot(nil), t.slots[n:]...)
	}
}

// said are the notes that came between two moments.
func (h *hall) said(from, to time.Time) (list []note) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range h.notes {
		if !n.at.Before(from) && n.at.Before(to) {
			list = append(list, n)
		}
	}
	return list
}

// sums are the counts of all ears.
func (h *hall) sums() (packets, lost, strange int, length time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.tracks {
		packets, lost, strange = packets+t.ear.packets, lost+t.ear.lost, strange+t.ear.strange
		length = max(length, t.ear.length)
	}
	return packets, lost, strange, length
}
