package hub

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rtcbench/internal/fleet"
)

// TestATokenThatLetNobodyInIsNotSpent: where the disk has no room for the place, the runner can ask again.
func TestATokenThatLetNobodyInIsNotSpent(t *testing.T) {
	b, err := openBook(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := b.newToken(1, time.Hour, false)
	if err != nil {
		t.Fatal(err)
	}
	inTheWay := filepath.Join(b.folder("members"), "fra.json") // root may write anywhere, but no file over a folder
	if err := os.Mkdir(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	j := fleet.Join{Token: token, Key: "U", Place: fleet.Place{Name: "fra"}}
	if _, _, err := b.enrol(j); err == nil || len(b.all()) != 0 {
		t.Fatalf("it was let in: %v", err)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.enrol(j); err != nil {
		t.Error("asked again:", err)
	}
}

// TestARevokedKeyStaysOutWhateverTheClock: the hub's clock was ahead when the runner joined, and was set right before
// the runner was thrown out.
func TestARevokedKeyStaysOutWhateverTheClock(t *testing.T) {
	s, err := newSeeds()
	if err != nil {
		t.Fatal(err)
	}
	k, err := s.keys()
	if err != nil {
		t.Fatal(err)
	}
	joined := time.Now()
	claims := k.accountClaims(map[string]time.Time{"revoked": joined.Add(-time.Hour)})
	if !claims.Revocations.IsRevoked("revoked", joined) {
		t.Error("a JWT of an hour ahead lets a revoked key in")
	}
	if claims.Revocations.IsRevoked("another", joined) {
		t.Error("another key is out, too")
	}
}

// TestDamagedFiles: each error names the file, and says what to do about it.
func TestDamagedFiles(t *testing.T) {
	for name, want := range map[string]string{
		"members/fra.json": "take it from a backup",
		"tokens/ab.json":   "remove it, and its token lets nobody in",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(`{"na`), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := openBook(dir)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
