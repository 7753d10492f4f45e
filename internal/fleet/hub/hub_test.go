package hub_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/hub"
	"rtcbench/internal/fleet/runner"
)

// TestARunnerJoinsAndIsHeard: the whole way, by TLS with a pin, and again with the runner's file alone.
func TestARunnerJoinsAndIsHeard(t *testing.T) {
	c := start(t, t.TempDir(), "")
	f := c.mustJoin("fra-1")
	stop := c.run(f)
	await(t, "heard", func() bool { return c.state("fra-1").Heard != nil })
	stop()
	c.run(f) // its own file is enough
	await(t, "heard again, with a clock", func() bool {
		h := c.state("fra-1").Heard
		return h != nil && h.Hello.Version == "v1" && !c.state("fra-1").Silent
	})
	again, err := runner.Load(f.Path())
	if err != nil || again.JWT != f.JWT || again.Seed == "" {
		t.Errorf("the file: %v", err)
	}
	if text := c.said.String(); strings.Contains(text, f.Seed) || strings.Contains(text, f.JWT) {
		t.Error("the hub's log has a secret in it")
	}
}

// TestWhoIsNotLetIn: each has one clear reason, and none of them becomes a member.
func TestWhoIsNotLetIn(t *testing.T) {
	c := start(t, t.TempDir(), "")
	spent := c.token(hub.TokenOrder{})
	if _, err := c.join("taken", spent); err != nil {
		t.Fatal(err)
	}
	short := c.token(hub.TokenOrder{Life: time.Second, Uses: hub.MaxUses})
	n := 0
	await(t, "expired", func() bool {
		n++
		_, err := c.join(fmt.Sprint("early-", n), short)
		return err != nil && strings.Contains(err.Error(), "expired")
	})
	for _, x := range []struct{ what, name, token, want string }{
		{"a token that is used up", "b", spent, "used up"},
		{"a made-up token", "b", fleet.NewToken(), "not known"},
		{"a name that is taken", "taken", c.token(hub.TokenOrder{}),
			"joined with another key: choose another name than taken, or a token"},
		{"a name that would reach other subjects", "a.>", c.token(hub.TokenOrder{}), "lower-case"},
	} {
		_, err := c.join(x.name, x.token)
		if err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), x.token) {
			t.Errorf("%s: %v, want %q", x.what, err, x.want)
		}
	}
	address := c.address
	for pin, want := range map[string]string{
		"":                      "a hub that made its own certificate printed a pin",
		strings.Repeat("A", 43): "the certificate of the hub is not the one that the pin names",
		address.Pin[:42]:        "42 characters",
	} {
		c.address = fleet.Address{URL: address.URL, Pin: pin}
		_, err := c.join("pin", "rtcj-x")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("pin %q: %v", pin, err)
		}
	}
	c.address = address
	var o hub.Overview
	c.call("GET", "/admin/members", nil, &o)
	for _, s := range o.Places {
		if s.Name != "taken" && !strings.HasPrefix(s.Name, "early-") {
			t.Errorf("%s is a member", s.Name)
		}
	}
}

// TestCountedTokens let in as many as they say; a runner that did not hear the answer asks again and spends nothing.
func TestCountedTokens(t *testing.T) {
	c := start(t, t.TempDir(), "")
	token := c.token(hub.TokenOrder{Uses: 2})
	path := filepath.Join(t.TempDir(), "fleet.json")
	place := fleet.Place{Name: "a", Location: "fra"}
	first, err := runner.Join(t.Context(), path, c.address.String(), token, "v1", place, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := forget(first); err != nil { // as if the answer had been lost
		t.Fatal(err)
	}
	second, err := runner.Join(t.Context(), path, c.address.String(), token, "v1", place, nil)
	if err != nil || second.Seed != first.Seed {
		t.Fatalf("asked again: %v", err)
	}
	if _, err := c.join("b", token); err != nil {
		t.Error("the second use:", err)
	}
	if _, err := c.join("c", token); err == nil {
		t.Error("a token for two let in a third")
	}
}

// TestWhatARunnerWasStays: a runner of one hub stays one until another hub has let it in. Of a join that is refused, no
// key is left.
func TestWhatARunnerWasStays(t *testing.T) {
	c, dir := start(t, t.TempDir(), ""), t.TempDir()
	path := filepath.Join(dir, "fleet.json")
	join := func(token string) error {
		_, err := runner.Join(t.Context(), path, c.address.String(), token, "v1", fleet.Place{Name: "a"}, nil)
		return err
	}
	names := func() (list []string) {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			list = append(list, f.Name())
		}
		return list
	}
	if err := join("rtcj-wrong"); err == nil || names() != nil {
		t.Errorf("refused: %v, and left is %v", err, names())
	}
	if err := join(c.token(hub.TokenOrder{})); err != nil {
		t.Fatal(err)
	}
	before, err := runner.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := join("rtcj-wrong"); err == nil {
		t.Error("let in by a wrong token")
	}
	after, err := runner.Load(path)
	if err != nil || after.Seed != before.Seed || !after.Joined() || !slices.Equal(names(), []string{"fleet.json"}) {
		t.Errorf("after a join that was refused: %v; the folder has %v", err, names())
	}
}

// TestAHubThatDoesNotServe leaves nothing where nothing was, and all where something was.
func TestAHubThatDoesNotServe(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "data")
	dir := filepath.Join(parent, "hub")
	begin := func() func() {
		undo, err := hub.Making(dir)
		if err == nil {
			_, _, err = hub.SelfSigned(dir)
		}
		if err == nil {
			_, err = hub.AdminToken(dir)
		}
		if err != nil {
			t.Fatal(err)
		}
		return undo
	}
	begin()()
	if _, err := os.Stat(parent); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	undo := begin()
	lock := flock.New(filepath.Join(dir, "lock"))
	if locked, err := lock.TryLock(); err != nil || !locked {
		t.Fatal(locked, err)
	}
	undo() // another hub works there
	lock.Unlock()
	begin()()
	path := filepath.Join(dir, hub.AdminFile)
	if token, err := hub.AdminToken(dir); err != nil || token == "" {
		t.Errorf("the token of a hub that was there: %q, %v", token, err)
	}
	if err := os.WriteFile(path, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if token, err := hub.AdminToken(dir); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("an empty file is the token %q, %v", token, err)
	}
}

// TestRevoked: whoever is thrown out is out at once (make bench has how soon) and does not come in again, nor after a
// restart of the hub, whose stream's disk was wiped meanwhile.
func TestRevoked(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, "")
	f := c.mustJoin("fra-1")
	nc := connect(t, c, f)
	gone := make(chan struct{})
	nc.SetDisconnectErrHandler(func(*natsConn, error) { close(gone) })
	before := time.Now()
	c.call("POST", "/admin/members/fra-1/revoke", nil, new(fleet.Member))
	select {
	case <-gone:
		t.Logf("thrown out after %v", time.Since(before))
	case <-time.After(time.Minute):
		t.Error("a revoked runner is still connected")
	}
	for range 2 {
		if nc, err := dial(c, f); err == nil {
			nc.Close()
			t.Error("a revoked runner comes in again")
		}
		at := strings.TrimPrefix(c.address.URL, "https://")
		c.stop()
		wipe(t, dir)
		c = start(t, dir, at)
	}
	if _, err := c.join("fra-1", c.token(hub.TokenOrder{})); err == nil {
		t.Error("the name of a revoked place is free for everybody")
	}
	if _, err := c.join("fra-1", c.token(hub.TokenOrder{Replace: true})); err != nil {
		t.Error("replace a revoked place:", err)
	}
}

// TestARevokedRunnerSaysSo: its log tells whoever looks after the place what to do, and no word of NATS alone.
func TestARevokedRunnerSaysSo(t *testing.T) {
	c := start(t, t.TempDir(), "")
	f := c.mustJoin("fra-1")
	var told said
	o := options(f)
	o.Log = logger(&told)
	r, err := runner.New(f, o)
	if err != nil {
		t.Fatal(err)
	}
	c.works(r)
	await(t, "heard", func() bool { return c.state("fra-1").Heard != nil })
	c.call("POST", "/admin/members/fra-1/revoke", nil, new(fleet.Member))
	await(t, "the runner's word", func() bool {
		return strings.Contains(told.String(), "this place was revoked at the hub")
	})
}

// TestReplaced: the runner that a name had before is thrown out, and the new one is the place.
func TestReplaced(t *testing.T) {
	c := start(t, t.TempDir(), "")
	old := c.mustJoin("fra-1")
	if _, err := c.join("fra-1", c.token(hub.TokenOrder{})); err == nil {
		t.Fatal("two runners have one name")
	}
	nc := connect(t, c, old)
	gone := make(chan struct{})
	nc.SetDisconnectErrHandler(func(*natsConn, error) { close(gone) })
	f, err := c.join("fra-1", c.token(hub.TokenOrder{Replace: true}))
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(time.Minute):
		t.Error("the runner that was replaced is still connected")
	}
	if nc, err := dial(c, old); err == nil {
		nc.Close()
		t.Error("the runner that was replaced comes in again")
	}
	connect(t, c, f)
}

// forget leaves in a runner's file what was there before the answer to its enrolment.
func forget(f *runner.File) error {
	before := *f
	before.JWT, before.PlanKey = "", nil
	data, err := json.Marshal(before)
	if err != nil {
		return err
	}
	return os.WriteFile(f.Path(), data, 0o600)
}
