package turn

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
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
