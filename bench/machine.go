package bench

import (
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// Machine is what the runner's machine did to a run, its warm-up included. What is not OK is not known.
type Machine struct {
	Steal     Share    // of all processors' time: taken away by the host (proc_stat(5), "steal")
	Waited    Share    // of the run: this process's threads, all together, waited for a processor (proc/<pid>/schedstat)
	ClockStep Quantity // how far the wall clock went ahead of the monotonic one; negative = behind
}

// Share is a part of a whole as a ratio. It may be unknown.
type Share struct {
	Ratio float64
	OK    bool
}

// Watch looks at the machine while a run goes on.
type Watch struct {
	from   source
	began  time.Time // monotonic
	wall   time.Time
	cpu    ticks
	waited map[string]time.Duration // by thread
}

// source is where a Watch looks. Elsewhere than on Linux proc is empty, and only the clocks are known.
type source struct {
	proc fs.FS
	wall func() time.Time
}

var thisMachine = source{os.DirFS("/proc"), time.Now}

// StartWatch begins to watch this machine.
func StartWatch() Watch { return thisMachine.watch() }

func (s source) watch() Watch {
	return Watch{from: s, began: time.Now(), wall: s.wall().Round(0), cpu: s.ticks(), waited: s.waited()}
}

// fewestTicks of processor time make a share of steal: of fewer, one tick alone would be more than 2 %.
const fewestTicks = 50

// Machine says what happened since the watch began.
func (w Watch) Machine() (m Machine) {
	took, wall := time.Since(w.began), w.from.wall().Round(0).Sub(w.wall)
	m.ClockStep = Quantity{wall - took, true}
	now := w.from.ticks()
	if all := now.all - w.cpu.all; all >= fewestTicks {
		m.Steal = Share{(now.stolen - w.cpu.stolen) / all, true}
	}
	// A thread that has ended took its books with it. The Go runtime keeps its threads.
	if threads := w.from.waited(); threads != nil && w.waited != nil && took > 0 {
		var sum time.Duration
		for id, d := range threads {
			sum += max(0, d-w.waited[id])
		}
		m.Waited = Share{float64(sum) / float64(took), true}
	}
	return m
}

// ticks are how the machine's processors have spent their time so far.
type ticks struct{ all, stolen float64 }

// ticks reads the first line of /proc/stat (proc_stat(5)): user nice system idle iowait irq softirq steal. What
// guests have used, behind it, is in user and nice already.
func (s source) ticks() (t ticks) {
	data, err := fs.ReadFile(s.proc, "stat")
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
func (s source) waited() map[string]time.Duration {
	const tasks = "self/task"
	threads, _ := fs.ReadDir(s.proc, tasks)
	var list map[string]time.Duration
	for _, t := range threads {
		data, err := fs.ReadFile(s.proc, path.Join(tasks, t.Name(), "schedstat"))
		f := strings.Fields(string(data))
		if err != nil || len(f) != 3 { // the thread has ended, or this kernel keeps no such books
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
