package recorder

import (
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"rtcbench/bench"
)

// Watch is what was known of the machine when a run began.
type Watch struct {
	from   Machine
	began  time.Time // monotonic
	wall   time.Time
	cpu    ticks
	waited map[string]time.Duration // by thread
}

// Machine is the machine that a Watch looks at. The zero value is this machine. On other systems than Linux only the
// clocks are known.
type Machine struct {
	Proc fs.FS            // as /proc is
	Wall func() time.Time // the wall clock
}

// Watch begins to watch the machine.
func (s Machine) Watch() Watch {
	if s.Proc == nil {
		s.Proc = os.DirFS("/proc")
	}
	if s.Wall == nil {
		s.Wall = time.Now
	}
	return Watch{from: s, began: time.Now(), wall: s.Wall().Round(0), cpu: s.ticks(), waited: s.waited()}
}

// fewestTicks is the least processor time, in ticks, that makes a share of steal: with less, one tick alone would be
// more than 2 %.
const fewestTicks = 50

// Machine says what happened since the watch began.
func (w Watch) Machine() (m bench.Machine) {
	took, wall := time.Since(w.began), w.from.Wall().Round(0).Sub(w.wall)
	m.ClockStep = bench.Quantity{D: wall - took, OK: true}
	now := w.from.ticks()
	if all := now.all - w.cpu.all; all >= fewestTicks {
		m.Steal = bench.Share{Ratio: (now.stolen - w.cpu.stolen) / all, OK: true}
	}
	// The counters of a thread end with it. The Go runtime keeps its threads.
	if threads := w.from.waited(); threads != nil && w.waited != nil && took > 0 {
		var sum time.Duration
		for id, d := range threads {
			sum += max(0, d-w.waited[id])
		}
		m.Waited = bench.Share{Ratio: float64(sum) / float64(took), OK: true}
	}
	return m
}

// ticks are how the machine's processors have spent their time so far.
type ticks struct{ all, stolen float64 }

// ticks reads the first line of /proc/stat (proc_stat(5)): user nice system idle iowait irq softirq steal. The fields
// behind it are the time of guests, which is in user and nice already.
func (s Machine) ticks() (t ticks) {
	data, err := fs.ReadFile(s.Proc, "stat")
	line, _, _ := strings.Cut(string(data), "\n")
	f := strings.Fields(line)
	if err != nil || len(f) < 9 || f[0] != "cpu" {
		return ticks{}
	}
	for i, text := range f[1:9] {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return ticks{}
		}
		if t.all += v; i == 7 {
			t.stolen = v
		}
	}
	return t
}

// waited is how long each thread of this process has been ready to run without a processor: the second number of its
// schedstat, in ns (Linux, Documentation/scheduler/sched-stats.rst). nil = not told here.
func (s Machine) waited() map[string]time.Duration {
	const tasks = "self/task"
	threads, _ := fs.ReadDir(s.Proc, tasks)
	var list map[string]time.Duration
	for _, t := range threads {
		data, err := fs.ReadFile(s.Proc, path.Join(tasks, t.Name(), "schedstat"))
		f := strings.Fields(string(data))
		if err != nil || len(f) != 3 { // the thread has ended, or this kernel has no such counters
			continue
		}
		ns, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			continue
		}
		if list == nil {
			list = map[string]time.Duration{}
		}
		list[t.Name()] = time.Duration(ns)
	}
	return list
}
