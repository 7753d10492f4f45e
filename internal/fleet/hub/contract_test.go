package hub_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"rtcbench/bench"
	"rtcbench/internal/benchtest"
	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/result"
)

// sentBefore is what rtcbench sent in version 1 of the contract, as it stands in a file.
func sentBefore(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "contract1", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// post sends a body to the hub.
func (c *centre) post(path string, body []byte) (status int) {
	c.t.Helper()
	client := http.Client{Transport: &http.Transport{TLSClientConfig: c.address.TLS(), DisableKeepAlives: true}}
	answer, err := client.Post(c.address.URL+path, "application/json", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// scraped is what Prometheus reads of a hub.
func (c *centre) scraped() string {
	c.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Authorization", "Bearer admin")
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, r)
	return w.Body.String()
}

// TestARunnerOfTheVersionBefore joins, is heard, is given a plan that it takes, and its seats, by the words that it
// knows. Nothing in the answers makes it stop: it reads the version of the contract in them, and no field that is new.
func TestARunnerOfTheVersionBefore(t *testing.T) {
	c := start(t, t.TempDir(), "")
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	key, _ := pair.PublicKey()
	token := c.token(hub.TokenOrder{})
	signature, err := pair.Sign([]byte("rtcbench join\x001\x00" + token + "\x00fra-9\x00" + key))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := json.Marshal(map[string]any{"protocol": 1, "token": token, "key": key, "version": "0.10.0",
		"place":     map[string]any{"name": "fra-9", "location": "fra"},
		"signature": base64.RawURLEncoding.EncodeToString(signature)})
	if status := c.post(fleet.JoinPath, body); status != http.StatusOK {
		t.Fatalf("join: %d", status)
	}
	plan, err := c.Order(orders(1))
	if err != nil {
		t.Fatal(err)
	}
	nc := connect(t, c, c.mustJoin("fra-1"))
	ask := func(what string, data []byte, into any) {
		t.Helper()
		m, err := nc.Request("rtc.v1.ask.fra-1."+what, data, 30*time.Second)
		if err == nil {
			err = json.Unmarshal(m.Data, into)
		}
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	var heard struct {
		Received, Answered time.Time
		Serial             uint64
		Refused            string
	}
	ask("hello", sentBefore(t, "hello"), &heard)
	if heard.Serial != plan.Serial || heard.Received.IsZero() || heard.Refused != "" {
		t.Errorf("heard: %+v", heard)
	}
	var signed struct{ Plan, Signature []byte }
	ask("plan", []byte(`{}`), &signed)
	var p struct{ Protocol int }
	if err := json.Unmarshal(signed.Plan, &p); err != nil || p.Protocol != 1 {
		t.Errorf("the plan is of version %d, which a runner of version 1 does not take: %v", p.Protocol, err)
	}
	var leased struct{ Seats []json.RawMessage }
	want, _ := json.Marshal(map[string]any{"serial": plan.Serial, "from": time.Now()})
	if ask("seats", want, &leased); len(leased.Seats) == 0 {
		t.Error("no seats")
	}
	await(t, "well", func() bool { return c.state("fra-1").Word() == "well" })
}

// TestARunnerThatIsNotUnderstood is told so, and so is who asks the hub: in the list, the log and a metric. What that
// runner has measured is kept, for a run has a version of its own.
func TestARunnerThatIsNotUnderstood(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, "")
	nc := connect(t, c, c.mustJoin("fra-1"))
	const why = "the runner speaks versions 7 to 8 of the contract, and this hub 1 to 2: upgrade the older of the two"
	for range 2 {
		m, err := nc.Request(fleet.Ask("fra-1", fleet.Hellos),
			[]byte(`{"protocol":7,"newest":8,"version":"9.0.0","waiting":{"runs":3},"sent":"soon"}`), 30*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var heard fleet.Heard
		if err := json.Unmarshal(m.Data, &heard); err != nil || heard.Refused != why || heard.Protocol != 1 ||
			heard.Newest != 2 {
			t.Errorf("answered: %+v, %v", heard, err)
		}
	}
	await(t, "noted", func() bool { return c.state("fra-1").Word() == "unlike" })
	var table bytes.Buffer
	c.Overview().WriteTable(&table, func(s string) string { return s })
	if text := table.String(); !strings.Contains(text, "1 unlike") || !strings.Contains(text, "9.0.0") ||
		!strings.Contains(text, why) {
		t.Error(text)
	}
	if n := strings.Count(c.said.String(), "a place is not understood"); n != 1 {
		t.Errorf("the log says it %d times:\n%s", n, c.said)
	}
	if text := c.scraped(); !strings.Contains(text, `rtcbench_place_unlike{location="fra",place="fra-1"} 1`) ||
		!strings.Contains(text, `rtcbench_fleet_places{state="unlike"} 1`) {
		t.Error(text)
	}
	run := benchtest.StoredRun(20, time.Now())
	run.Location = "fra"
	p, err := result.Pack(bench.NewRecord(run))
	if err != nil {
		t.Fatal(err)
	}
	m := nats.NewMsg(fleet.RunSubject("fra-1"))
	if m.Data, err = p.MarshalBinary(); err != nil {
		t.Fatal(err)
	}
	inbox := fleet.InboxPrefix("fra-1") + ".kept.1"
	m.Header.Set(fleet.KeptHeader, inbox)
	word, err := nc.SubscribeSync(inbox)
	if err == nil {
		err = nc.PublishMsg(m)
	}
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := word.NextMsg(time.Minute); err != nil || string(answer.Data) != fleet.Kept {
		t.Errorf("its run: %v, %v", answer, err)
	}
}

// TestAHubThatWasMuchOlder: its plan is of a contract that is not spoken any more. The hub starts, and the next plan
// goes on from the serial of that one, which runners have seen.
func TestAHubThatWasMuchOlder(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, "")
	if _, err := c.Order(orders(1)); err != nil {
		t.Fatal(err)
	}
	c.stop()
	const serial = 1 << 40
	if err := writePlan(dir, `{"protocol":9,"serial":1099511627776,"every_ns":"a minute"}`); err != nil {
		t.Fatal(err)
	}
	c = start(t, dir, "")
	p, err := c.Order(orders(1))
	if err != nil || p.Serial != serial+1 {
		t.Errorf("serial %d, want %d: %v", p.Serial, serial+1, err)
	}
}

// writePlan leaves a plan in the folder of a hub, as the hub of another version would.
func writePlan(dir, text string) error {
	var seeds struct{ Plan []byte }
	data, err := os.ReadFile(filepath.Join(dir, "keys.json"))
	if err == nil {
		err = json.Unmarshal(data, &seeds)
	}
	if err == nil {
		signature := ed25519.Sign(ed25519.NewKeyFromSeed(seeds.Plan), []byte("rtcbench plan\x00"+text))
		data, err = json.Marshal(map[string]any{"digest": "x",
			"signed": fleet.Signed{Plan: []byte(text), Signature: signature}})
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "plan.json"), data, 0o600)
	}
	return err
}
