package hub

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rtcbench/internal/fleet"
)

// shared is what several hubs share: members, tokens and the plan, in a bucket of the cluster that no runner can reach.
// Each hub keeps a full copy in its own folder. A write names the revision that it replaces. If two hubs write at once,
// the second write fails, and its hub reads the change first.
type shared struct {
	kv   jetstream.KeyValue
	seal cipher.AEAD

	mu       sync.Mutex
	revision map[string]uint64 // newest revision that this hub has seen, by key
}

// seen is the newest revision of a key that this hub has seen; 0 = none.
func (s *shared) seen(key string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revision[key]
}

// saw notes a revision, and reports whether it is newer than the one that was known.
func (s *shared) saw(key string, revision uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if revision <= s.revision[key] {
		return false
	}
	s.revision[key] = revision
	return true
}

const (
	bucket       = "rtcbench-hub"
	planKey      = "plan"
	sharedWithin = 5 * time.Second // for one request
)

// changedError says that another hub has changed a key meanwhile.
type changedError struct{ key string }

func (e *changedError) Error() string { return "another hub has changed " + e.key }

func openShared(ctx context.Context, nc *nats.Conn, k *keys, replicas int) (*shared, error) {
	key, err := hkdf.Key(sha256.New, k.plan.Seed(), nil, "rtcbench shared by hubs", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	s := &shared{revision: map[string]uint64{}}
	if s.seal, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err == nil {
		s.kv, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: bucket, History: 5,
			Replicas: replicas})
	}
	if err != nil {
		return nil, fmt.Errorf("open what the hubs share: %w", err)
	}
	return s, nil
}

// sealed is v encrypted, so that the NATS servers cannot read it: a plan may contain keys of platforms.
func (s *shared) sealed(key string, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, s.seal.NonceSize())
	rand.Read(nonce)
	return s.seal.Seal(nonce, nonce, data, []byte(key)), nil
}

func (s *shared) open(key string, data []byte, v any) error {
	n := s.seal.NonceSize()
	if len(data) < n {
		return fmt.Errorf("%s is damaged", key)
	}
	plain, err := s.seal.Open(nil, data[:n], data[n:], []byte(key))
	if err != nil {
		return fmt.Errorf("%s was not written by a hub with these keys", key)
	}
	return json.Unmarshal(plain, v)
}

// put writes v after the revision that this hub has seen. The error is a *changedError if there is a newer one. A nil
// shared does nothing: there are no other hubs.
func (s *shared) put(key string, v any) error {
	if s == nil {
		return nil
	}
	data, err := s.sealed(key, v)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), sharedWithin)
	defer cancel()
	var revision uint64
	if seen := s.seen(key); seen > 0 {
		revision, err = s.kv.Update(ctx, key, data, seen)
	} else {
		revision, err = s.kv.Create(ctx, key, data)
	}
	var api *jetstream.APIError
	switch {
	case err == nil:
		s.saw(key, revision)
		return nil
	case errors.Is(err, jetstream.ErrKeyExists),
		errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence:
		return &changedError{key}
	}
	return fmt.Errorf("tell the other hubs of %s: %w", key, err)
}

// get reads a key into v; false = the key was never written.
func (s *shared) get(key string, v any) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), sharedWithin)
	defer cancel()
	e, err := s.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask what the other hubs know of %s: %w", key, err)
	}
	s.saw(key, e.Revision())
	return true, s.open(key, e.Value(), v)
}

// refresh reads the change of another hub to a member or a token. The caller holds the lock of the book.
func (b *book) refresh(key string) error {
	ctx, cancel := context.WithTimeout(context.Background(), sharedWithin)
	defer cancel()
	e, err := b.shared.kv.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("ask what the other hubs know of %s: %w", key, err)
	}
	return b.came(e)
}

// came writes an entry of the bucket into this hub's book. The caller holds the lock of the book.
func (b *book) came(e jetstream.KeyValueEntry) error {
	if !b.shared.saw(e.Key(), e.Revision()) {
		return nil
	}
	kind, _, _ := strings.Cut(e.Key(), ".")
	switch kind {
	case "members":
		var m fleet.Member
		if err := b.shared.open(e.Key(), e.Value(), &m); err != nil {
			return err
		}
		return b.noteMember(m)
	case "tokens":
		var t fleet.Token
		if err := b.shared.open(e.Key(), e.Value(), &t); err != nil {
			return err
		}
		return b.noteToken(t)
	}
	return nil
}

// share connects this hub's book with the bucket, and follows the changes of other hubs until ctx ends. Entries that
// only this hub has are written to the bucket: it may have been lost, and a revoked runner must stay out.
func (b *book) share(ctx context.Context, s *shared, changed func(key string), log *slog.Logger) (wait func(),
	err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w, err := s.kv.WatchAll(ctx)
	if err != nil {
		return nil, fmt.Errorf("follow what the hubs share: %w", err)
	}
	before, tokens := b.members, b.tokens
	b.shared, b.members, b.tokens = s, map[string]fleet.Member{}, map[string]fleet.Token{}
	for e := range w.Updates() {
		if e == nil { // the end of the entries that exist
			break
		}
		if err := b.came(e); err != nil {
			log.Error("read what the hubs share", "error", err)
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := b.restore(before, tokens); err != nil {
		w.Stop()
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range w.Updates() {
			if e == nil {
				continue
			}
			b.mu.Lock()
			fresh := e.Revision() > b.shared.seen(e.Key())
			err := b.came(e)
			b.mu.Unlock()
			if err != nil {
				log.Error("read what the hubs share", "error", err)
			}
			if fresh {
				changed(e.Key())
			}
		}
	}()
	return func() { w.Stop(); <-done }, nil
}

// restore writes to the bucket what only this hub's folder has. The caller holds the lock of the book.
func (b *book) restore(members map[string]fleet.Member, tokens map[string]fleet.Token) error {
	for name, m := range members {
		now, known := b.members[name]
		switch {
		case !known:
		case now.Key == m.Key && now.Revoked.IsZero() && !m.Revoked.IsZero():
			now.Revoked = m.Revoked
			m = now
		default:
			continue
		}
		if err := b.keepMember(m); err != nil {
			return err
		}
	}
	for hash, t := range tokens {
		if _, known := b.tokens[hash]; !known && b.shared.seen("tokens."+hash) == 0 {
			if err := b.keepToken(t); err != nil {
				return err
			}
		}
	}
	return nil
}
