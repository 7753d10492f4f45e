package lab

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"rtcbench/internal/redact"
	"rtcbench/internal/settings"
)

// Scenario is a network between the three places, and where its numbers come from.
type Scenario struct {
	Name               string
	About              string
	Sources            []Source
	Chosen             string // which numbers were chosen, because the sources do not give them
	RunnerSFU, SFUEcho Path
	EchoClock          Clock

	// there is no network in every other stretch of this length, from the second on; 0 = in none
	Alternate time.Duration
}

// Away reports whether the network is away at a time of the router (Alternate).
func (s Scenario) Away(at time.Duration) bool { return s.Alternate > 0 && at/s.Alternate%2 == 1 }

// Source is a public measurement that numbers of a scenario come from.
type Source struct {
	URL  string
	Says string
}

// Clock is how far the echo's clock is off, and by how many parts in a million it runs fast.
type Clock struct {
	Offset Duration
	Skew   float64
}

// Path joins two places.
type Path struct{ Up, Down Way }

// Way is one direction of a path. The zero Way passes everything on at once.
type Way struct {
	Delay     time.Duration // the least
	Jitter    Jitter        // on top of it
	Loss      Ratio         // of each packet by itself; with Bursts, in the good state
	Bursts    *Bursts
	Duplicate Ratio
	Reorder   *Reorder
	Rate      Rate // 0 = as fast as may be
	Queue     Size // the most that waits in the queue; 0 = without limit
	Load      *Load
}

// Distribution names how a jitter is spread.
type Distribution string

const (
	Uniform   Distribution = "uniform"
	Normal    Distribution = "normal"
	Lognormal Distribution = "lognormal"
	Gamma     Distribution = "gamma" // with a deviation like its mean it is the exponential distribution
	Pareto    Distribution = "pareto"
)

// Jitter is a random delay, drawn anew for each packet.
type Jitter struct {
	Distribution    Distribution
	Mean, Deviation time.Duration
}

// Bursts is Gilbert's and Elliott's model of loss in bursts; probabilities are of each packet.
type Bursts struct{ Loss, Enter, Leave Ratio }

// Reorder holds a share of the packets back, so that others overtake them.
type Reorder struct {
	Share Ratio
	Late  time.Duration
}

// Load is somebody else's traffic: it fills the queue while it is on.
type Load struct {
	Rate    Rate
	On, Off time.Duration
}

// Ratio is written in percent: 0.5%.
type Ratio float64

// Rate is in bits a second, written as 10Mbit/s.
type Rate float64

// Size is in bytes, written as 256KB (1000 bytes each).
type Size int

// Duration is a time.Duration that YAML reads.
type Duration time.Duration

//go:embed scenarios
var shipped embed.FS

// Shipped are the names of the scenarios that come with the lab, sorted.
func Shipped() []string {
	entries, err := shipped.ReadDir("scenarios")
	if err != nil {
		panic(err) // the embedded folder is there
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// LoadScenario gives the shipped scenario called name. A name that ends in .yaml or .yml is the path of a file.
func LoadScenario(name string) (Scenario, error) {
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
		data, err := settings.ReadFile(name)
		if err != nil {
			return Scenario{}, fmt.Errorf("read the scenario: %w", err)
		}
		return Parse(strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".yml"), ".yaml"), data)
	}
	if !slices.Contains(Shipped(), name) {
		return Scenario{}, fmt.Errorf("no scenario %q comes with the lab; there are %s, or the path of a .yaml file",
			name, strings.Join(Shipped(), ", "))
	}
	data, err := Text(name)
	if err != nil {
		return Scenario{}, err
	}
	return Parse(name, data)
}

// Text is the file of a shipped scenario.
func Text(name string) ([]byte, error) { return shipped.ReadFile("scenarios/" + name + ".yaml") }

// Parse reads a scenario. Every key has to be known; an error names the line.
func Parse(name string, data []byte) (Scenario, error) {
	var f struct {
		About   string
		Sources []Source
		Chosen  string
		Paths   struct {
			RunnerSFU *Path `yaml:"runner-sfu"`
			SFUEcho   *Path `yaml:"sfu-echo"`
		}
		EchoClock Clock `yaml:"echo_clock"`
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return Scenario{}, fmt.Errorf("scenario %s: %s", name, oneLine(err))
	}
	if f.Paths.RunnerSFU == nil || f.Paths.SFUEcho == nil {
		return Scenario{}, fmt.Errorf("scenario %s: paths: runner-sfu and sfu-echo are both needed, each with up and "+
			"down, or both", name)
	}
	s := Scenario{Name: name, About: f.About, Sources: f.Sources, Chosen: f.Chosen, RunnerSFU: *f.Paths.RunnerSFU,
		SFUEcho: *f.Paths.SFUEcho, EchoClock: f.EchoClock}
	// This also refuses what is no number (NaN).
	if o, k := time.Duration(s.EchoClock.Offset), s.EchoClock.Skew; o.Abs() > time.Hour || !(math.Abs(k) <= 100) {
		return Scenario{}, fmt.Errorf("scenario %s: echo_clock: an offset of at most 1h and a skew of at most 100 "+
			"(parts in a million), not %v and %v", name, o, k)
	}
	return s, nil
}

func oneLine(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = unknownKey.ReplaceAllString(strings.TrimPrefix(text, "unmarshal errors:\n  "), "$1 is no key here")
	text = otherKind.ReplaceAllString(text, "a value of another kind is needed here$2")
	return redact.Words(strings.Join(strings.Fields(strings.ReplaceAll(text, "\n", ";")), " "))
}

// unknownKey matches the decoder's error about an unknown key, which shows the whole of a Go type.
var unknownKey = regexp.MustCompile(`(?s)field (\S+) not found in type .*?(}|lab\.\w+)(\n|$)`)

// otherKind matches the decoder's error about a value of another kind, which shows the beginning of the value.
var otherKind = regexp.MustCompile(`(?s)cannot unmarshal !!\w+( ` + "`[^`]*`" + `)? into .*?(\n  line|$)`)

// wayYAML is a way as it is written.
type wayYAML struct {
	Delay  Duration
	Jitter *struct {
		Distribution    Distribution
		Mean, Deviation Duration
	}
	Loss      Ratio
	Bursts    *Bursts
	Duplicate Ratio
	Reorder   *struct {
		Share Ratio
		Late  Duration
	}
	Rate  Rate
	Queue Size
	Load  *struct {
		Rate    Rate
		On, Off Duration
	}
}

// innerLine matches a line number within the text of one way, which the user has never seen as a text of its own.
var innerLine = regexp.MustCompile(`\bline \d+: `)

// UnmarshalYAML reads up and down, or both at once.
func (p *Path) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a path has up and down, or both", n.Line)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		var w Way
		if err := w.read(value); err != nil {
			return err
		}
		switch key.Value {
		case "up":
			p.Up = w
		case "down":
			p.Down = w
		case "both":
			p.Up, p.Down = w, w
		default:
			return fmt.Errorf("line %d: a path has up and down, or both, not %q", key.Line, redact.Words(key.Value))
		}
		seen[key.Value] = true
	}
	if seen["both"] == (seen["up"] || seen["down"]) || seen["up"] != seen["down"] {
		return fmt.Errorf("line %d: a path has up and down, or both", n.Line)
	}
	return nil
}

func (w *Way) read(n *yaml.Node) error {
	var y wayYAML
	// A Node's own Decode does not look for unknown keys.
	text, err := yaml.Marshal(n)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&y); errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: a way is empty; one that passes everything on at once is {}", n.Line)
	} else if err != nil {
		return fmt.Errorf("line %d: %s", n.Line, innerLine.ReplaceAllString(oneLine(err), ""))
	}
	*w = Way{Delay: time.Duration(y.Delay), Loss: y.Loss, Bursts: y.Bursts, Duplicate: y.Duplicate, Rate: y.Rate,
		Queue: y.Queue}
	if y.Jitter != nil {
		w.Jitter = Jitter{y.Jitter.Distribution, time.Duration(y.Jitter.Mean), time.Duration(y.Jitter.Deviation)}
	}
	if y.Reorder != nil {
		w.Reorder = &Reorder{y.Reorder.Share, time.Duration(y.Reorder.Late)}
	}
	if y.Load != nil {
		w.Load = &Load{y.Load.Rate, time.Duration(y.Load.On), time.Duration(y.Load.Off)}
	}
	if err := w.check(); err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	return nil
}

func (w Way) check() error {
	j := w.Jitter
	switch {
	case w.Delay < 0 || w.Delay > time.Minute:
		return fmt.Errorf("a delay of %v is not between 0 and 1m", w.Delay)
	case j != Jitter{} && !slices.Contains([]Distribution{Uniform, Normal, Lognormal, Gamma, Pareto}, j.Distribution):
		return fmt.Errorf("jitter is uniform, normal, lognormal, gamma or pareto, not %q",
			redact.Words(string(j.Distribution)))
	case j != Jitter{} && (j.Mean <= 0 || j.Deviation <= 0 || j.Mean > time.Minute || j.Deviation > time.Minute):
		return fmt.Errorf("jitter needs a mean and a deviation above 0, not %v and %v", j.Mean, j.Deviation)
	case w.Bursts != nil && (w.Bursts.Enter == 0 || w.Bursts.Leave == 0 || w.Bursts.Loss == 0):
		return errors.New("bursts need loss, enter and leave, each above 0%")
	case w.Reorder != nil && (w.Reorder.Late <= 0 || w.Reorder.Late > time.Minute):
		return fmt.Errorf("reorder: late says how much longer such a packet is held back, not %v", w.Reorder.Late)
	case w.Rate == 0 && (w.Queue != 0 || w.Load != nil):
		return errors.New("queue and load need a rate")
	case w.Load != nil && (w.Load.Rate <= 0 || w.Load.On <= 0 || w.Load.Off <= 0 || w.Queue == 0):
		return errors.New("load needs a rate, on and off, and a queue to fill")
	}
	return nil
}

func scalar(n *yaml.Node, what string, units map[string]float64, least, most float64) (float64, error) {
	for unit, scale := range units {
		number, ok := strings.CutSuffix(n.Value, unit)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err == nil && v*scale >= least && v*scale <= most {
			return v * scale, nil
		}
	}
	return 0, fmt.Errorf("line %d: %q is not %s", n.Line, redact.Words(n.Value), what)
}

// UnmarshalYAML reads 0.5%.
func (r *Ratio) UnmarshalYAML(n *yaml.Node) error {
	v, err := scalar(n, "a share from 0% to 100%", map[string]float64{"%": 0.01}, 0, 1)
	*r = Ratio(v)
	return err
}

// UnmarshalYAML reads 10Mbit/s.
func (r *Rate) UnmarshalYAML(n *yaml.Node) error {
	v, err := scalar(n, "a rate, as 10Mbit/s", map[string]float64{"kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9}, 1e3,
		1e12)
	*r = Rate(v)
	return err
}

// UnmarshalYAML reads 256KB.
func (s *Size) UnmarshalYAML(n *yaml.Node) error {
	v, err := scalar(n, "a size, as 256KB", map[string]float64{"KB": 1e3, "MB": 1e6}, 1e3, 1e10)
	*s = Size(v)
	return err
}

// UnmarshalYAML reads 12ms.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if n.Value == "0" {
		v, err = 0, nil
	}
	if err != nil {
		return fmt.Errorf("line %d: %q is not a duration, as 12ms", n.Line, redact.Words(n.Value))
	}
	*d = Duration(v)
	return nil
}
