package turn

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/turn/utterances"
)

// decodedOnce remembers decoded.
var decodedOnce = map[string][]float32{}

// decoded are the samples of an utterance.
func decoded(t testing.TB, u Utterance) (all []float32) {
	t.Helper()
	if known, ok := decodedOnce[u.Name]; ok {
		return known
	}
	defer func() { decodedOnce[u.Name] = all }()
	d := newDecoder()
	for _, p := range u.Packets {
		samples, err := d.decode(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, samples...)
	}
	return all
}

// pink is noise with as much power in each octave (Voss's sum of slow dice), of a level.
func pink(dbfs float64, samples int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 2))
	var rows [12]float64
	out, sum := make([]float32, samples), 0.0
	for i := range out {
		for k := range rows {
			if i%(1<<k) == 0 {
				rows[k] = r.NormFloat64()
			}
		}
		x := r.NormFloat64()
		for _, v := range rows {
			x += v
		}
		out[i], sum = float32(x), sum+x*x
	}
	scale := float32(amplitude(dbfs) / math.Sqrt(sum/float64(samples)))
	for i := range out {
		out[i] *= scale
	}
	return out
}

// music is a melody of three voices with a beat, of a level at its loudest.
func music(dbfs float64, samples int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 3))
	out := make([]float32, samples)
	const note = Rate / 4
	for begin := 0; begin < samples; begin += note {
		for range 3 {
			f := 220 * math.Pow(2, float64(r.IntN(24))/12)
			for i := range min(note, samples-begin) {
				decay := math.Exp(-6 * float64(i) / note)
				out[begin+i] += float32(amplitude(dbfs) * decay * math.Sin(2*math.Pi*f*float64(i)/Rate))
			}
		}
	}
	return out
}

// clicked are clicks of half full scale, each 2 ms long, five a second.
func clicked(_ float64, samples int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 4))
	out := make([]float32, samples)
	for at := r.IntN(Rate / 5); at+96 < samples; at += Rate / 5 {
		for i := range 96 {
			out[at+i] = float32(0.5 * math.Exp(-float64(i)/30) * r.NormFloat64())
		}
	}
	return out
}

func white(dbfs float64, samples int, seed uint64) []float32 { return noise(dbfs, samples, seed) }

// scene is what a caller hears in one turn: speech whose first audible sample is known, at a gain, in some sound. The
// caller ends at second 2, and has been silent from second 0 to 1.
func scene(t testing.TB, u Utterance, gain float64, sound func(float64, int, uint64) []float32, dbfs float64,
	seed uint64) (bench.TurnFact, time.Duration) {
	t.Helper()
	speech := decoded(t, u)
	at := 2*Rate + 100 + int(seed*7919%Rate)
	all := make([]float32, at+len(speech)+Rate)
	for i, x := range speech {
		all[at+i] = x * float32(math.Pow(10, gain/20))
	}
	if sound != nil {
		for i, x := range sound(dbfs, len(all), seed) {
			all[i] += x
		}
	}
	clean := make([]float32, 0, len(speech)) // of the same gain, on its own grid: what is audible of it
	for _, x := range speech {
		clean = append(clean, x*float32(math.Pow(10, gain/20)))
	}
	(&highpass{}).filter(all)
	(&highpass{}).filter(clean)
	begin := time.Unix(1_000_000, 0)
	var slots []slot
	for i := 0; i+window <= len(all); i += window {
		slots = append(slots, newSlot(all[i:i+window], begin.Add(place(i))))
	}
	own := &Utterance{}
	var mine []slot
	for i := 0; i+window <= len(clean); i += window {
		mine = append(mine, newSlot(clean[i:i+window], time.Time{}.Add(place(i))))
	}
	own.voices = voices(mine, quietest, pause)
	first := samplesIn(own.voices[0].from.Sub(time.Time{}))
	fact, _ := judge(asked{utterance: u, first: begin.Add(time.Second), last: begin.Add(2 * time.Second)},
		[]side{{"agent", slots}}, limits{15 * time.Second, time.Second, 300 * time.Millisecond, false})
	return fact, place(at+first) - 2*time.Second
}

// turnsIn are what became of so many turns in a sound.
type turnsIn struct {
	off                []time.Duration // of those that were measured, sorted by size
	wrong              int             // by more than 40 ms, and not marked
	unmeasured, others int
}

func heardIn(t *testing.T, sound func(float64, int, uint64) []float32, dbfs, gain float64, turns int) (all turnsIn) {
	t.Helper()
	names := []string{"short", "medium", "long", "pause", "digits", "reply", "greeting"}
	said := builtin(t, names...)
	for seed := range uint64(turns) {
		f, want := scene(t, said[names[seed%uint64(len(names))]], gain, sound, dbfs, seed)
		switch f.Fate {
		case bench.TurnAnswered:
			off := (f.Latency.D - want).Abs()
			all.off = append(all.off, off)
			if off > 40*time.Millisecond {
				all.wrong++
				t.Logf("turn %d is wrong by %v", seed, f.Latency.D-want)
			}
		case bench.TurnNotMeasurable:
			all.unmeasured++
			if f.Why == "" {
				t.Error("a turn is not measurable, and nobody knows why")
			}
		default:
			all.others++
		}
	}
	slices.Sort(all.off)
	return all
}

func (x turnsIn) quantile(q float64) time.Duration {
	if len(x.off) == 0 {
		return 0
	}
	return x.off[int(q*float64(len(x.off)-1))]
}

// TestNoise: speech that begins in noise, music or clicks is found where it begins, or is said not to be measurable.
// No turn is wrong by more than 40 ms, at any level and loudness.
func TestNoise(t *testing.T) {
	turns := 7
	if os.Getenv("RTCBENCH_LONG") != "" {
		turns = 42
	}
	for _, test := range []struct {
		name       string
		sound      func(float64, int, uint64) []float32
		dbfs       float64
		measurable bool // all turns are, and as exactly as docs/turn.md says
	}{
		{"white", white, -60, true}, {"white", white, -55, true}, {"white", white, -50, false},
		{"white", white, -40, false}, {"pink", pink, -55, true}, {"pink", pink, -50, false},
		{"music", music, -60, true}, {"music", music, -50, false}, {"music", music, -40, false},
		{"clicks", clicked, 0, true},
	} {
		t.Run(fmt.Sprintf("%s of %.0f dBFS", test.name, test.dbfs), func(t *testing.T) {
			for _, gain := range []float64{0, -10} {
				x := heardIn(t, test.sound, test.dbfs, gain, turns)
				t.Logf("speech of %.0f dBFS: P50 %v, P95 %v, max %v; %d not measurable", -20+gain, x.quantile(0.5),
					x.quantile(0.95), x.quantile(1), x.unmeasured)
				if x.wrong > 0 || x.others > 0 {
					t.Errorf("%d wrong, %d early or not heard", x.wrong, x.others)
				}
				if test.measurable && (x.unmeasured > 0 || x.quantile(0.5) > 5*time.Millisecond ||
					x.quantile(0.95) > 15*time.Millisecond) {
					t.Errorf("%d not measurable, P50 %v, P95 %v", x.unmeasured, x.quantile(0.5), x.quantile(0.95))
				}
				if test.dbfs == -40 && x.unmeasured < turns {
					t.Errorf("%d of %d turns are measured in so much of it", turns-x.unmeasured, turns)
				}
			}
		})
	}
}

// TestTheReferenceDecoder: our decoder hears what opusdec does, so that a packet's samples are where they are for
// everybody else.
func TestTheReferenceDecoder(t *testing.T) {
	for _, name := range append(utterances.Names(), utterances.Reply, utterances.Greeting) {
		file, err := utterances.File(name)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "opusdec", "--quiet", "--force-wav", "-", "-")
		cmd.Stdin = bytes.NewReader(file)
		wav, err := cmd.Output()
		if err != nil {
			t.Fatalf("opusdec, of Debian's opus-tools (make tools): %v", err)
		}
		wav = wav[bytes.Index(wav, []byte("data"))+8:]
		u, err := ReadOgg(name, file)
		if err != nil {
			t.Fatal(err)
		}
		const preSkip = 312 // opusdec leaves out what the encoder put before
		ours := decoded(t, u)[preSkip:]
		signal, difference := 0.0, 0.0
		for i := 0; i < min(len(wav)/2, len(ours)); i++ {
			want := float64(int16(binary.LittleEndian.Uint16(wav[2*i:]))) / 32768
			signal += want * want
			difference += (want - float64(ours[i])) * (want - float64(ours[i]))
		}
		ratio := decibels(signal) - decibels(difference)
		t.Logf("%-8s %.0f dB", name, ratio)
		if ratio < 40 {
			t.Errorf("%s: signal to difference %.0f dB", name, ratio)
		}
	}
}

// TestStrangePackets: bytes that are no Opus are counted, and hide nothing that follows.
func TestStrangePackets(t *testing.T) {
	u := builtin(t, "short")["short"]
	var slots []slot
	e := newEar(func(s slot) { slots = append(slots, s) })
	dice := rand.New(rand.NewPCG(1, 1))
	at := time.Unix(1000, 0)
	seq, stamp := uint16(65500), uint32(1<<32-5000)
	for i, packet := range u.Packets {
		if i%10 == 9 {
			packet = []byte{byte(dice.IntN(256)), 0xff, byte(dice.IntN(256))}
		}
		e.hear(bench.Sound{Seq: seq, Timestamp: stamp, Packet: packet}, at)
		at, seq, stamp = at.Add(Frame), seq+1, stamp+frameSamples
	}
	list := voices(slots, quietest, 300*time.Millisecond)
	if e.lost != 0 || e.packets != len(u.Packets) || len(list) != 1 {
		t.Errorf("%d packets, %d lost, %d strange, %d voices", e.packets, e.lost, e.strange, len(list))
	}
}

// TestOrder: packets that overtake each other are heard in order, and one that never comes is silence in its place.
func TestOrder(t *testing.T) {
	u := builtin(t, "medium")["medium"]
	hear := func(order func(n int) []int) (slots []slot, e *ear) {
		e = newEar(func(s slot) { slots = append(slots, s) })
		for turn, n := range order(len(u.Packets)) {
			e.hear(bench.Sound{Seq: uint16(65530 + n), Timestamp: uint32(n * frameSamples), Packet: u.Packets[n]},
				time.Unix(1000, 0).Add(time.Duration(turn)*Frame))
		}
		e.flush()
		return slots, e
	}
	straight, _ := hear(func(n int) (list []int) {
		for i := range n {
			list = append(list, i)
		}
		return list
	})
	swapped, _ := hear(func(n int) (list []int) {
		list = []int{0} // what came before the first packet is nobody's loss
		for i := 1; i+1 < n; i += 2 {
			list = append(list, i+1, i)
		}
		for i := len(list); i < n; i++ {
			list = append(list, i)
		}
		return list
	})
	lossy, e := hear(func(n int) (list []int) {
		for i := range n {
			if i != 20 && i != 21 {
				list = append(list, i)
			}
		}
		return list
	})
	if len(swapped) != len(straight) || len(lossy) != len(straight) || e.lost != 2 || lostIn(lossy) != 2 {
		t.Fatalf("%d, %d and %d slots; %d lost", len(straight), len(swapped), len(lossy), e.lost)
	}
	for i := range straight {
		if straight[i].level != swapped[i].level {
			t.Fatalf("slot %d: %v dBFS, and %v in another order", i, straight[i].level, swapped[i].level)
		}
	}
}

// TestScript: what a script may say, and what is said of one that is wrong.
func TestScript(t *testing.T) {
	steps, err := ParseScript("say short\nwait for reply\n# a comment\nsilence 2 s\nsay long\n" +
		"interrupt after 800 ms with digits # now\nsay medium\n" +
		"say  my  own file.opus\t# a name may have spaces\r\nsay \"take #2.opus\"\nsay c#.opus # sharp\n" +
		"interrupt\tafter 1s with  say it with it.opus\n")
	want := []Step{{Say: "short", Waits: true}, {Silence: 2 * time.Second},
		{Say: "long", Waits: true, Interrupt: 800 * time.Millisecond, With: "digits"}, {Say: "medium"},
		{Say: "my  own file.opus"}, {Say: "take #2.opus"},
		{Say: "c#.opus", Waits: true, Interrupt: time.Second, With: "say it with it.opus"}}
	if err != nil || !slices.Equal(steps, want) || Turns(steps) != 3 {
		t.Errorf("%+v, %v", steps, err)
	}
	for text, want := range map[string]string{
		"say short":                        "no turn is in it",
		"wait for reply":                   "line 1, \"wait for reply\": nothing is said before it",
		"say a\ninterrupt after soon":      "line 2, \"interrupt after soon\": must be as: interrupt after 800 ms",
		"say a\nwait for reply\nlaugh":     "line 3, \"laugh\": must be one of: say NAME",
		"say a\nwait for reply\nsilence x": "line 3, \"silence x\": must be as: silence 2 s",
		"say a\ninterrupt after with b":    "line 2, \"interrupt after with b\": must be as: interrupt after 800 ms",
		"say a\ninterrupt after 1s with":   "line 2, \"interrupt after 1s with\": must be as: interrupt after 800 ms",
		"say \"\"":                         "line 1, \"say \\\"\\\"\": must be one of: say NAME",
	} {
		if _, err := ParseScript(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestRecording: both sides are in the file where they left and arrived.
func TestRecording(t *testing.T) {
	u := builtin(t, "short")["short"]
	r, start := &Recording{}, time.Unix(1000, 0)
	for i, packet := range u.Packets {
		at := start.Add(time.Duration(i) * Frame)
		r.caller(packet, at, at)
	}
	tone := make([]float32, frameSamples)
	tone[0] = 0.5
	r.agent("track", tone, start.Add(time.Second), 0)
	var b bytes.Buffer
	if err := r.WriteWAV(&b); err != nil {
		t.Fatal(err)
	}
	wav := b.Bytes()[44:]
	right := func(i int) int16 { return int16(binary.LittleEndian.Uint16(wav[4*i+2:])) }
	if len(wav) != 4*len(u.Packets)*frameSamples || right(Rate) != 16384 || right(Rate-1) != 0 {
		t.Errorf("%d bytes; %d %d", len(wav), right(Rate), right(Rate-1))
	}
}

// TestRecordingKeepsLengths: a sound whose packets come now late, now in time, has its length and no hole, and begins
// where its first packet arrived.
func TestRecordingKeepsLengths(t *testing.T) {
	r, start := &Recording{}, time.Unix(1000, 0)
	tone, quiet := make([]float32, frameSamples), make([]float32, frameSamples)
	for i := range tone {
		tone[i] = 0.5
	}
	late := []time.Duration{0, 3, 0, 40, 21, 2, 60, 0, 9, 30} // ms; the first of the tone is late, too
	for i := range 30 {
		samples, behind := quiet, late[i%len(late)]*time.Millisecond
		if i >= 13 && i < 25 {
			samples = tone
		}
		r.agent("track", samples, start.Add(time.Duration(i)*Frame+behind), uint32(i*frameSamples)+1<<31)
	}
	line := r.lay(r.right["track"])
	first := slices.IndexFunc(line, loud)
	if want := samplesIn(13*Frame + 40*time.Millisecond); first != want {
		t.Errorf("the tone begins at sample %d, want %d", first, want)
	}
	length := slices.IndexFunc(line[max(0, first):], func(x int16) bool { return !loud(x) })
	if want := 12 * frameSamples; length != want {
		t.Errorf("the tone is %d samples long, want %d", length, want)
	}
}
