package fleet

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// recorded reads what rtcbench sent in version 1 of the contract.
func recorded(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "contract1", name+".json"))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestContract: two ends understand each other where one version at least is spoken by both.
func TestContract(t *testing.T) {
	for _, x := range []struct {
		c    Contract
		like bool
	}{
		{Contract{}, false}, {Contract{Protocol: 1}, true}, {Contract{Protocol: 2}, true}, {Contract{1, 2}, true},
		{Contract{2, 3}, true}, {Contract{Protocol: 3}, false}, {Contract{3, 4}, false}, {Contract{-5, 9}, true},
	} {
		err := x.c.Check("the runner", "this hub")
		if (err == nil) != x.like || err != nil && !errors.Is(err, ErrUnlike) {
			t.Errorf("%+v: %v", x.c, err)
		}
	}
	err := Contract{3, 4}.Check("the runner", "this hub")
	if err.Error() != "the runner speaks versions 3 to 4 of the contract, and this hub 1 to 2: "+ErrUnlike.Error() {
		t.Error(err)
	}
}

// TestWhatTheVersionBeforeSent is read: a join with its signature, a hub's answer, a plan with its signature.
func TestWhatTheVersionBeforeSent(t *testing.T) {
	var j Join
	recorded(t, "join", &j)
	if err := j.Check(); err != nil || j.Place.Labels["region"] != "eu" {
		t.Errorf("join: %v, %+v", err, j)
	}
	var heard Heard
	recorded(t, "heard", &heard)
	if err := heard.Unlike(); err != nil || heard.Serial != 6 {
		t.Errorf("heard: %v, %+v", err, heard)
	}
	var key []byte
	var s Signed
	recorded(t, "plan-key", &key)
	recorded(t, "plan", &s)
	p, err := s.Open(key, 5)
	if err != nil || len(p.Jobs) != 2 || p.Every != 5*time.Minute || p.Jobs[0].Settings["iterations"][0] != "600" {
		t.Errorf("plan: %v, %+v", err, p)
	}
}

// TestAJobOfANewerHub: a plan of a newer hub has fields that are not known here, which are left out, and a job that
// sets what no plan may set here: that job is not in the plan, which says why, and the others are.
func TestAJobOfANewerHub(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(text string) Signed {
		return Signed{[]byte(text), ed25519.Sign(key, append([]byte(signedAs), text...))}
	}
	p, err := signed(`{"protocol":2,"serial":9,"every_ns":60000000000,"weather":{"rain":true},"jobs":[
		{"name":"a","platform":"livekit","settings":{"iterations":["5"]},"mood":[1]},
		{"name":"b","platform":"livekit","settings":{"output":["/etc/passwd"]}},
		{"name":"c","platform":"livekit","echo":"ring"}]}`).Open(pub, 1)
	if err != nil || len(p.Jobs) != 1 || p.Jobs[0].Name != "a" {
		t.Fatalf("%v, %+v", err, p)
	}
	without := p.Without(Place{Name: "fra-1"})
	for _, want := range []string{`job "b" sets "output", which no plan may set`, `job "c" is answered by "ring"`} {
		if without == nil || !strings.Contains(without.Error(), want) {
			t.Errorf("%v, want %s", without, want)
		}
	}
	p, err = signed(`{"protocol":3,"serial":9,"every_ns":"a minute","jobs":{}}`).Open(pub, 1)
	if !errors.Is(err, ErrUnlike) || p.Serial != 9 || len(p.Jobs) > 0 {
		t.Errorf("a plan of a contract that is not spoken here: %v, %+v", err, p)
	}
	two := Plan{Protocol: Oldest, Every: time.Minute, Jobs: slices.Repeat([]Job{{Name: "a"}}, 2)}
	if _, err := two.Sign(key); err == nil {
		t.Error("a hub signs two jobs of one name")
	}
}
