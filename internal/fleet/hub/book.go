package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rtcbench/internal/fleet"
	"rtcbench/internal/outbox"
)

// book is the list of the members and of the tokens. Each member and each token has a file in the hub's folder, and all
// are in memory. The files are kept even if several hubs share the book in JetStream: if the disk of that stream is
// lost, a revoked runner must stay out.
type book struct {
	dir string

	mu      sync.Mutex
	members map[string]fleet.Member // by name
	tokens  map[string]fleet.Token  // by hash
	shared  *shared                 // the book that the other hubs share; nil = there are no other hubs
}

// Errors of enrolling and of looking after members.
var (
	ErrTaken    = errors.New("a place of this name has joined with another key")
	ErrNoMember = errors.New("no place of this name has joined")
	ErrRevoked  = errors.New("this place was thrown out, and measures nothing for this fleet")
)

func openBook(dir string) (*book, error) {
	b := &book{dir: dir, members: map[string]fleet.Member{}, tokens: map[string]fleet.Token{}}
	err := readAll(b.folder("members"), func(m fleet.Member) { b.members[m.Name] = m })
	if err != nil {
		return b, fmt.Errorf("%w: take it from a backup; without it the hub does not know whether its place was "+
			"thrown out", err)
	}
	err = readAll(b.folder("tokens"), func(t fleet.Token) { b.tokens[t.Hash] = t })
	if err != nil {
		return b, fmt.Errorf("%w: remove it, and its token lets nobody in", err)
	}
	return b, nil
}

func (b *book) folder(kind string) string { return filepath.Join(b.dir, kind) }

// readAll reads the files of a folder.
func readAll[T any](dir string, take func(T)) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var one T
		if err := json.Unmarshal(data, &one); err != nil {
			return fmt.Errorf("%s cannot be read: %w", path, err)
		}
		take(one)
	}
	return nil
}

func writeOne(path string, one any) error {
	data, err := json.Marshal(one)
	if err != nil {
		return err
	}
	return outbox.WriteFile(path, data)
}

func (b *book) keepMember(m fleet.Member) error {
	if err := b.shared.put("members."+m.Name, m); err != nil {
		return err
	}
	return b.noteMember(m)
}

// noteMember writes a member to this hub's file and memory.
func (b *book) noteMember(m fleet.Member) error {
	if err := writeOne(filepath.Join(b.folder("members"), m.Name+".json"), m); err != nil {
		return fmt.Errorf("keep the place %s: %w", m.Name, err)
	}
	b.members[m.Name] = m
	return nil
}

func (b *book) keepToken(t fleet.Token) error {
	if err := b.shared.put("tokens."+t.Hash, t); err != nil {
		return err
	}
	return b.noteToken(t)
}

// noteToken writes a token to this hub's file and memory, or removes a token that is used up.
func (b *book) noteToken(t fleet.Token) error {
	path := filepath.Join(b.folder("tokens"), t.Hash+".json")
	if t.Uses <= 0 {
		delete(b.tokens, t.Hash)
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := writeOne(path, t); err != nil {
		return err
	}
	b.tokens[t.Hash] = t
	return nil
}

// newToken makes a token. It also removes tokens that expired more than a day ago.
func (b *book) newToken(uses int, life time.Duration, replace bool) (secret string, t fleet.Token, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now().UTC()
	for _, old := range b.tokens {
		if now.Sub(old.Expires) > 24*time.Hour { // for a day, a runner is told that its token has expired
			old.Uses = 0
			b.keepToken(old) // a token that cannot be removed stays expired
		}
	}
	secret = fleet.NewToken()
	t = fleet.Token{Hash: fleet.HashOf(secret), Made: now, Expires: now.Add(life), Uses: uses, Replace: replace}
	return secret, t, b.keepToken(t)
}

// settled calls do under the lock. If another hub has changed the same entry, settled reads the change and calls do
// again.
func (b *book) settled(do func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		var other *changedError
		err := do()
		if !errors.As(err, &other) {
			return err
		}
		if err := b.refresh(other.key); err != nil {
			return err
		}
	}
}

// enrol admits a runner that has shown a token and its key. revoked is true if an older key of the place became
// invalid. A runner that did not receive the answer may ask again: it gets the same answer, and no use of the token is
// spent.
func (b *book) enrol(j fleet.Join) (m fleet.Member, revoked bool, err error) {
	err = b.settled(func() (err error) {
		m, revoked, err = b.enrolOnce(j)
		return err
	})
	return m, revoked, err
}

func (b *book) enrolOnce(j fleet.Join) (m fleet.Member, revoked bool, err error) {
	now := time.Now().UTC()
	old, known := b.members[j.Place.Name]
	if known && old.Key == j.Key && old.Revoked.IsZero() {
		return old, false, nil
	}
	t, ok := b.tokens[fleet.HashOf(j.Token)]
	if !ok {
		return m, false, fleet.ErrToken
	}
	spent, err := t.Spend(now)
	if err != nil {
		return m, false, err
	}
	if known && !t.Replace {
		return m, false, fmt.Errorf("%w: choose another name than %s, or a token that may replace a place", ErrTaken,
			j.Place.Name)
	}
	for _, other := range b.members {
		if other.Key == j.Key || slices.Contains(other.Replaced, j.Key) {
			return m, false, errors.New("this key is, or was, that of a place already: a runner makes a fresh one")
		}
	}
	if err := b.keepToken(spent); err != nil {
		return m, false, err
	}
	m = fleet.Member{Place: j.Place, Key: j.Key, Joined: now}
	if known {
		m.Replaced = append(slices.Clone(old.Replaced), old.Key)
	}
	if err := b.keepMember(m); err != nil {
		return m, false, errors.Join(err, b.keepToken(t)) // the token let nobody in
	}
	return m, known, nil
}

// change applies how to a member and writes the result, unless how gives an error.
func (b *book) change(name string, how func(*fleet.Member) error) (m fleet.Member, err error) {
	err = b.settled(func() error {
		var ok bool
		if m, ok = b.members[name]; !ok {
			return fmt.Errorf("%w: %.80q", ErrNoMember, name)
		}
		if err := how(&m); err != nil {
			return err
		}
		return b.keepMember(m)
	})
	return m, err
}

func (b *book) member(name string) (fleet.Member, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.members[name]
	return m, ok
}

// all are the members, by name.
func (b *book) all() []fleet.Member {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]fleet.Member, 0, len(b.members))
	for _, name := range slices.Sorted(maps.Keys(b.members)) {
		list = append(list, b.members[name])
	}
	return list
}

// revoked are the keys that are not valid any more.
func (b *book) revoked() map[string]time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	keys := map[string]time.Time{}
	for _, m := range b.members {
		for _, key := range m.Replaced {
			keys[key] = m.Joined
		}
		if !m.Revoked.IsZero() {
			keys[m.Key] = m.Revoked
		}
	}
	return keys
}
