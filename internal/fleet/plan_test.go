package fleet

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func testPlan(serial uint64) Plan {
	return Plan{Protocol: Protocol, Serial: serial, Every: time.Minute, Jobs: []Job{
		{Name: "a", Platform: "livekit", Settings: map[string][]string{"iterations": {"600"}}},
		{Name: "b", Platform: "livekit", Where: Where{"region": {"eu", "us"}, "name": {"fra-1"}}},
	}}
}

// TestPlansThatARunnerDoesNotTake: one that somebody else signed, one that was changed on its way, one that is older
// than what the runner has, and, of one that the hub's own
// key signed, the job that sets what no plan may.
func TestPlansThatARunnerDoesNotTake(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, thief, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(p Plan, key ed25519.PrivateKey) Signed {
		t.Helper()
		data, err := json.Marshal(p) // as a hub that checks nothing would
		if err != nil {
			t.Fatal(err)
		}
		return Signed{data, ed25519.Sign(key, append([]byte(signedAs), data...))}
	}
	good := sign(testPlan(7), key)
	if p, err := good.Open(pub, 7); err != nil || p.Serial != 7 {
		t.Fatalf("a good plan: %v", err)
	}
	changed := good
	changed.Plan = []byte(strings.Replace(string(good.Plan), "600", "601", 1))
	bare := good
	bare.Signature = ed25519.Sign(key, good.Plan) // a signature of something else than a plan
	forbids := func(setting string) Signed {
		p := testPlan(8)
		p.Jobs[0].Settings = map[string][]string{setting: {"x"}}
		return sign(p, key)
	}
	if _, err := testPlan(7).Sign(key); err != nil {
		t.Error(err)
	}
	tooOften := testPlan(8)
	tooOften.Every = time.Millisecond
	for what, c := range map[string]struct {
		signed Signed
		is     error
		says   string
	}{
		"forged":           {sign(testPlan(8), thief), ErrForged, ""},
		"changed":          {changed, ErrForged, ""},
		"signed otherwise": {bare, ErrForged, ""},
		"unsigned":         {Signed{Plan: good.Plan}, ErrForged, ""},
		"rolled back":      {sign(testPlan(6), key), ErrOldPlan, "serial 6 after 7"},
		"too often":        {sign(tooOften, key), nil, "less than a second"},
		"output":           {forbids("output"), nil, `sets "output", which no plan may set`},
		"chrome-path":      {forbids("chrome-path"), nil, "no plan may set"},
		"no-sandbox":       {forbids("no-sandbox"), nil, "no plan may set"},
		"daily-bundle-url": {forbids("daily-bundle-url"), nil, "no plan may set"},
		"data-dir":         {forbids("data-dir"), nil, "no plan may set"},
		"store":            {forbids("store"), nil, "no plan may set"},
		"api-key":          {forbids("api-key"), nil, "no plan may set"},
		"agent-url":        {forbids("agent-url"), nil, "no plan may set"},
		"no setting":       {forbids("help"), nil, "no plan may set"},
	} {
		p, err := c.signed.Open(pub, 7)
		if err == nil && len(p.LeftOut) > 0 { // the plan is taken, and that job of it is not
			if err = p.Without(Place{Name: "fra-1"}); len(p.Jobs) != 1 || p.Jobs[0].Name != "b" {
				t.Errorf("%s: the jobs are %+v", what, p.Jobs)
			}
		}
		if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestWhere: a job is for the places that have one of the values of each label.
func TestWhere(t *testing.T) {
	for name, c := range map[string]struct {
		place Place
		jobs  int
	}{
		"all labels":     {Place{Name: "fra-1", Labels: map[string]string{"region": "eu"}}, 2},
		"another region": {Place{Name: "fra-1", Labels: map[string]string{"region": "ap"}}, 1},
		"another name":   {Place{Name: "fra-2", Labels: map[string]string{"region": "eu"}}, 1},
		"no label":       {Place{Name: "fra-1"}, 1},
	} {
		if got := len(testPlan(1).For(c.place)); got != c.jobs {
			t.Errorf("%s: %d jobs, want %d", name, got, c.jobs)
		}
	}
}

// TestClockOf: however the way is divided, the truth lies within the bound.
func TestClockOf(t *testing.T) {
	base := time.Unix(1_800_000_000, 0)
	for _, ahead := range []time.Duration{0, time.Hour, -time.Hour, 3 * time.Millisecond} {
		for up := range 5 {
			d := time.Duration(up) * 10 * time.Millisecond
			down := 40*time.Millisecond - d
			sent := base
			received := sent.Add(d - ahead)
			answered := received.Add(time.Millisecond)
			c := ClockOf(sent, received, answered, answered.Add(down+ahead))
			if !c.Known || (c.Offset-ahead).Abs() > c.Bound || c.Bound != 20*time.Millisecond {
				t.Errorf("%v ahead, %v up: %+v", ahead, d, c)
			}
		}
	}
}
