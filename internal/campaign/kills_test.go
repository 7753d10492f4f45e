package campaign

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/sandbox/sandboxtest"
)

var measuredRun = regexp.MustCompile(`msg=measured .*run=([0-9a-f-]{36})`)

// Whatever is killed at whatever moment, no run that was said to be kept is lost, and none is there twice: in SQLite,
// and in a database that is away for a part of the time.
func TestKilledAtRandomMoments(t *testing.T) {
	benchtest.Heavy(t)
	rng := random(t)
	server, far := sandboxtest.Start(t), newMoody(t, random(t))
	p := newPlace(t, "LIVEKIT_URL="+server.URL, "LIVEKIT_API_KEY="+server.Key, "LIVEKIT_API_SECRET="+server.Secret,
		"INFLUXDB_URL="+far.URL, "INFLUXDB_DATABASE=x", "RTCBENCH_STORE=sqlite,influxdb")
	p.write("rtcbench.yaml", []byte("every: 1s\ndefaults: {iterations: 5, cooldown: 10, warmup: 0}\n"+
		"jobs: [{platform: livekit}]\n"))
	kept, again, fates := map[string]bool{}, map[string][]string{}, map[string]int{}
	for i, kills := 0, times(8, 200); kills > 0; i++ {
		file := fmt.Sprintf("%d.json", i)
		var args []string
		switch i % 4 {
		case 0:
			args = []string{"livekit", "-n", "5", "-c", "10", "--warmup", "0", "-q", "-o", file}
		case 1:
			args = []string{"run"}
		case 2:
			lines, ids := results(t, 20, time.Now())
			p.write(file, lines)
			again[file] = ids
			args = []string{"import", file}
		case 3:
			args = []string{"store", "flush"}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.IntN(1500))*time.Millisecond)
		e := p.runUntil(ctx, args...)
		cancel()
		fate := "ended by itself"
		if e.code == -1 {
			fate = "killed"
			kills--
		}
		fates[fmt.Sprint(args[0], " ", fate)]++
		for _, m := range measuredRun.FindAllStringSubmatch(e.stderr, -1) {
			kept[m[1]] = true // run has said so
		}
		if e.code == 0 || e.code == 4 { // livekit and import have
			data, _ := os.ReadFile(p.path(file))
			for _, id := range idsOf(string(data)) {
				kept[id] = true
			}
			delete(again, file)
		}
	}
	t.Logf("%v; %d runs were said to be kept", fates, len(kept))
	far.recovers()
	for file, ids := range again { // whose import was killed: who does it again has all of it
		if e := p.run("import", file); e.code != 0 {
			t.Errorf("import %s again: exit code %d\n%s", file, e.code, e.stderr)
		}
		for _, id := range ids {
			kept[id] = true
		}
	}
	if e := p.run("store", "flush"); e.code != 0 {
		t.Errorf("flush: exit code %d\n%s", e.code, e.stderr)
	}
	if e := p.run("store", "status"); !strings.Contains(e.stdout+e.stderr, "Nothing waits") {
		t.Errorf("status: %s%s", e.stdout, e.stderr)
	}
	e := p.run("export", "--store", "sqlite")
	there := map[string]int{}
	for _, id := range idsOf(e.stdout) {
		there[id]++
	}
	lost, doubled := 0, 0
	for id := range kept {
		if there[id] == 0 || far.points(id) == 0 {
			lost++
			t.Errorf("run %s was said to be kept: %d times in SQLite, %d in the database", id, there[id],
				far.points(id))
		}
	}
	for id, n := range there {
		if n > 1 || far.points(id) > 1 {
			doubled++
			t.Errorf("run %s is %d times in SQLite, %d in the database", id, n, far.points(id))
		}
	}
	if e := p.run("store", "check", "--store", "sqlite"); e.code != 0 {
		t.Errorf("check: exit code %d\n%s%s", e.code, e.stdout, e.stderr)
	}
	t.Logf("%d runs said to be kept, %d there: %d lost, %d doubled", len(kept), len(there), lost, doubled)
}
