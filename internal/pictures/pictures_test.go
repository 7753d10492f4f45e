package pictures

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/drawing"
	"rtcbench/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	report.Titles = map[string]string{"daily": "Daily", "livekit": "LiveKit"}
	os.Exit(m.Run())
}

// alone is a side of these runs.
func alone(runs ...bench.Run) []report.Group {
	return []report.Group{{Name: "A", Runs: benchtest.Records(runs...)}}
}

// seen is what a picture has in it.
type seen struct {
	text    string         // all that is written in it, in one line
	titles  []string       // of its shapes
	classes map[string]int // how many shapes have which
}

func read(t *testing.T, s *drawing.Sheet) (got seen) {
	t.Helper()
	var b bytes.Buffer
	if err := s.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	got.classes = map[string]int{}
	element := ""
	for d := xml.NewDecoder(&b); ; {
		token, err := d.Token()
		if err == io.EOF {
			got.text = strings.Join(strings.Fields(got.text), " ")
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			element = e.Name.Local
			for _, a := range e.Attr {
				if a.Name.Local == "class" {
					got.classes[a.Value]++
				}
			}
		case xml.CharData:
			if element == "text" {
				got.text += " " + string(e)
			} else if element == "title" {
				got.titles = append(got.titles, string(e))
			}
		}
	}
}

// drawn is the picture of that name, which has to be there and to be more than an empty page as PNG, too.
func drawn(t *testing.T, name string, sides []report.Group) seen {
	t.Helper()
	s, err := Draw(name, sides)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var b bytes.Buffer
	if err := s.WritePNG(&b, 0.5); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if colours := coloursOf(img); colours < 20 {
		t.Errorf("%s: the PNG has %d colours", name, colours)
	}
	return read(t, s)
}

func coloursOf(img image.Image) int {
	all := map[[3]uint32]bool{}
	for x := range img.Bounds().Dx() {
		for y := range img.Bounds().Dy() {
			r, g, b, _ := img.At(x, y).RGBA()
			all[[3]uint32{r, g, b}] = true
		}
	}
	return len(all)
}

// historyOf are the figures that history prints of a run, as JSON has them.
func historyOf(t *testing.T, r bench.Run) (p50, p95, loss float64) {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteHistoryJSON(&b, report.History{Runs: benchtest.Records(r)}); err != nil {
		t.Fatal(err)
	}
	var file struct {
		Runs []struct {
			P50  float64 `json:"p50_rtt"`
			P95  float64 `json:"p95_rtt"`
			Loss float64 `json:"packet_loss_rate"`
		}
	}
	if err := json.Unmarshal(b.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	return file.Runs[0].P50, file.Runs[0].P95, file.Runs[0].Loss
}

// TestPicturesHaveTheFiguresOfHistory: each picture of a run has the quantiles and the loss that history prints, of how
// many pings they are, and what the run was judged.
func TestPicturesHaveTheFiguresOfHistory(t *testing.T) {
	run := benchtest.Run(400)
	p50, p95, loss := historyOf(t, run)
	for _, name := range []string{"", "overview", "histogram", "series", "percentiles"} {
		got := drawn(t, name, alone(run))
		for _, want := range []string{fmt.Sprintf("P50 %.2f ms", p50), fmt.Sprintf("P95 %.2f ms", p95),
			fmt.Sprintf("loss %.2f %%", 100*loss), "n = 398", "95 % interval", "lossy data channel", "run 00000001"} {
			if !strings.Contains(got.text, want) {
				t.Errorf("%q has not %q: %s", name, want, got.text)
			}
		}
		if got.classes["verdict "+string(bench.NewRecord(run).Summary.Validity.Verdict)] != 1 {
			t.Errorf("%q has no verdict: %v", name, got.classes)
		}
	}
}

// TestEachPingIsInIt: bars add up to what was answered, and each fate has marks of its own.
func TestEachPingIsInIt(t *testing.T) {
	run := benchtest.Run(400)
	bars := 0
	got := drawn(t, "histogram", alone(run))
	for _, title := range got.titles {
		var lo, hi float64
		n := 0
		if _, err := fmt.Sscanf(title, "%f … %f ms: %d", &lo, &hi, &n); err == nil {
			bars += n
		}
	}
	above := 0
	if before, _, ok := strings.Cut(got.text, " of them above"); ok { // what lies beyond the last bar is said
		fmt.Sscan(before[strings.LastIndex(before, " ")+1:], &above)
	}
	if bars+above != run.Counts.Answered {
		t.Errorf("the bars have %d pings and %d lie beyond, want %d", bars, above, run.Counts.Answered)
	}
	got = drawn(t, "series", alone(run))
	for class, want := range map[string]int{"lost": 1, "late": 1, "not_sent": 1, "answered": 1} {
		if got.classes[class] != want {
			t.Errorf("%d marks are %s, want %d", got.classes[class], class, want)
		}
	}
	for _, want := range []string{"answered 398", "late 1", "lost 1", "not sent 1", "at the upper edge"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("the picture has not %q: %s", want, got.text)
		}
	}
}

// TestWhatSpeaksAgainstARunIsSeen: an invalid run is hatched and says why; a doubtful one says why.
func TestWhatSpeaksAgainstARunIsSeen(t *testing.T) {
	invalid := benchtest.Runs()["ended-early"]
	for _, name := range []string{"overview", "histogram", "series", "percentiles", "oneway"} {
		got := drawn(t, name, alone(invalid))
		if got.classes["verdict invalid"] != 1 || got.classes["invalid"] < 10 ||
			!strings.Contains(got.text, "invalid: ") {
			t.Errorf("%s: %v %s", name, got.classes, got.text)
		}
	}
	doubtful := benchtest.Run(400)
	doubtful.Judged = &bench.Validity{Verdict: bench.Doubtful,
		Grounds: []bench.Ground{{Code: "x", Verdict: bench.Doubtful, Text: "a reason to doubt"}}}
	if got := drawn(t, "", alone(doubtful)); got.classes["verdict doubtful"] != 1 || got.classes["invalid"] > 0 ||
		!strings.Contains(got.text, "doubtful: a reason to doubt") {
		t.Errorf("%v %s", got.classes, got.text)
	}
}

// TestWordsOfPictures: the legend is whole also where many pings leave little room for it, and one is not many.
func TestWordsOfPictures(t *testing.T) {
	const edge = "(at the upper edge: too late, or no round trip)"
	if got := drawn(t, "series", alone(benchtest.Run(12_000))); !strings.Contains(got.text, edge) {
		t.Errorf("the picture has not %q: %s", edge, got.text)
	}
	one := benchtest.Run(1)
	many := regexp.MustCompile(`\b1 (\w+ )?(pings|runs)`)
	for _, sides := range [][]report.Group{alone(one), append(alone(one), alone(benchtest.Run(20))...)} {
		got := drawn(t, "", sides)
		if all := got.text + strings.Join(got.titles, "; "); many.MatchString(all) {
			t.Errorf("%q in %s", many.FindString(all), all)
		}
	}
}

// TestWaysAndBuffers: pictures of audio runs and of each way have the figures of the tables.
func TestWaysAndBuffers(t *testing.T) {
	run := benchtest.Audio(400)
	run.Clocks = bench.OneClock
	for i := range run.Samples {
		run.Samples[i].Up -= 3e9
	}
	s := bench.NewRecord(run).Summary
	got := drawn(t, "oneway", alone(run))
	if want := "up: P50 " + report.Number(s.OneWay.Up.P50) + " ms"; !strings.Contains(got.text, want) ||
		got.classes["up"] != 1 || got.classes["down"] != 1 {
		t.Errorf("want %s: %v %s", want, got.classes, got.text)
	}
	got = drawn(t, "jitter-buffer", alone(run))
	if want := "down: " + report.Number(s.Down.Buffer1) + " ms to lose 1 %"; !strings.Contains(got.text, want) ||
		got.classes["up"] != 1 {
		t.Errorf("want %s: %v %s", want, got.classes, got.text)
	}
}

// TestWhyThereIsNoPicture: what cannot be drawn says why.
func TestWhyThereIsNoPicture(t *testing.T) {
	all := benchtest.Runs()
	for _, of := range []struct {
		picture, why string
		sides        []report.Group
	}{
		{"histogram", "no ping was sent", alone(all["no-pong"])},
		{"percentiles", "no ping was sent", alone(all["no-pong"])},
		{"series", "no ping was sent", alone(all["no-pong"])},
		{"strips", "only a run of turns", alone(all["complete"])},
		{"jitter-buffer", "only a run of audio", alone(all["complete"])},
		{"oneway", "a turn is timed at the caller's end alone", alone(all["turns"])},
	} {
		var nothing *Nothing
		if _, err := Draw(of.picture, of.sides); !errors.As(err, &nothing) || !strings.Contains(err.Error(), of.why) {
			t.Errorf("%s: %v, want %s", of.picture, err, of.why)
		}
	}
	for _, of := range []struct {
		picture string
		sides   []report.Group
	}{{"compare", alone(all["complete"])}, {"series", alone(all["complete"], all["daily"])}} {
		if _, err := Draw(of.picture, of.sides); !errors.As(err, new(*Miscounted)) {
			t.Errorf("%s of %d runs: %v", of.picture, len(of.sides[0].Runs), err)
		}
	}
	if got := drawn(t, "", alone(all["no-pong"])); !strings.Contains(got.text, "No distribution: no ping was sent") {
		t.Errorf("the overview says %s", got.text)
	}
}

// TestFormats: a file's name says what it is to be, and contradicts nothing.
func TestFormats(t *testing.T) {
	for _, of := range []struct{ format, picture, file, want, err string }{
		{"", "", "", "html", ""}, {"", "", "a.HTM", "html", ""}, {"", "", "a.svg", "svg", ""},
		{"png", "", "a.png", "png", ""},
		{"", "series", "", "svg", ""}, {"png", "", "report.v2", "png", ""}, {"", "", "-", "html", ""},
		{"", "", "a.json", "", "no format of a report"}, {"svg", "", "a.json", "", "no format"},
		{"svg", "", "a.png", "", `ends in .png, and svg was asked for`},
		{"html", "series", "", "", "a page has all pictures"},
		{"", "series", "a.html", "", "a page has all pictures"},
	} {
		o := Order{Format: of.format, Picture: of.picture, File: of.file}
		if err := o.Settle(nil); o.Format != of.want && of.err == "" || fmt.Sprint(err) != "<nil>" &&
			(of.err == "" || !strings.Contains(err.Error(), of.err)) || err == nil && of.err != "" {
			t.Errorf("%+v: %q, %v", of, o.Format, err)
		}
	}
	file := t.TempDir() + "/run"
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&Order{File: file}).Settle([]string{file + "#livekit"}); err == nil {
		t.Error("a report takes the place of its run")
	}
}

// TestAPictureStaysTheSame holds a picture against the one that somebody has looked at.
func TestAPictureStaysTheSame(t *testing.T) {
	s, err := Draw("overview", alone(benchtest.Run(60)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := s.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/overview.svg"
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, b.Bytes()) {
		t.Errorf("the picture differs from %s: look at it, and run this test with -update", golden)
	}
}
