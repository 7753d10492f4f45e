package hub

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"rtcbench/internal/fleet"
	"rtcbench/internal/outbox"
)

// seeds are the seeds of a hub's keys. Their file is the identity of the hub: its owner can admit runners and sign
// plans.
type seeds struct {
	Operator string `json:"operator"`
	System   string `json:"system"`  // account of the server itself
	Account  string `json:"account"` // account of hub and runners
	Scoped   string `json:"scoped"`  // signs the JWTs of runners; it can grant only the rights of a runner
	Plan     []byte `json:"plan"`    // Ed25519
}

// keys are the key pairs.
type keys struct {
	operator, system, account, scoped nkeys.KeyPair
	plan                              ed25519.PrivateKey

	operatorID, systemID, accountID, scopedID string
}

// loadKeys reads the keys in the folder. In a new folder it makes them.
func loadKeys(dir string) (*keys, error) {
	path := filepath.Join(dir, "keys.json")
	var s seeds
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if s, err = newSeeds(); err != nil {
			return nil, err
		}
		if data, err = json.MarshalIndent(s, "", "  "); err != nil {
			return nil, err
		}
		if err := outbox.WriteFile(path, data); err != nil {
			return nil, fmt.Errorf("keep the keys of the hub: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("read the keys of the hub: %w", err)
	default:
		if err := private(path); err != nil {
			return nil, err
		}
		if json.Unmarshal(data, &s) != nil {
			return nil, fmt.Errorf("%s does not hold the keys of a hub", path)
		}
	}
	k, err := s.keys()
	if err != nil {
		return nil, fmt.Errorf("%s does not hold the keys of a hub", path)
	}
	return k, nil
}

func newSeeds() (s seeds, err error) {
	for _, one := range []struct {
		to   *string
		make func() (nkeys.KeyPair, error)
	}{
		{&s.Operator, nkeys.CreateOperator}, {&s.System, nkeys.CreateAccount}, {&s.Account, nkeys.CreateAccount},
		{&s.Scoped, nkeys.CreateAccount},
	} {
		pair, err := one.make()
		if err != nil {
			return s, err
		}
		seed, err := pair.Seed()
		if err != nil {
			return s, err
		}
		*one.to = string(seed)
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return s, err
	}
	s.Plan = private.Seed()
	return s, nil
}

func (s seeds) keys() (*keys, error) {
	k := &keys{}
	for _, one := range []struct {
		seed string
		pair *nkeys.KeyPair
		id   *string
	}{
		{s.Operator, &k.operator, &k.operatorID}, {s.System, &k.system, &k.systemID},
		{s.Account, &k.account, &k.accountID}, {s.Scoped, &k.scoped, &k.scopedID},
	} {
		pair, err := nkeys.FromSeed([]byte(one.seed))
		if err != nil {
			return nil, err
		}
		*one.pair = pair
		if *one.id, err = pair.PublicKey(); err != nil {
			return nil, err
		}
	}
	if len(s.Plan) != ed25519.SeedSize {
		return nil, errors.New("no key for plans")
	}
	k.plan = ed25519.NewKeyFromSeed(s.Plan)
	return k, nil
}

func (k *keys) planKey() []byte { return k.plan.Public().(ed25519.PublicKey) }

// private is an error if other users can read the file.
func private(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return fmt.Errorf("%s can be read by others (mode %04o), and whoever has it is the hub: chmod 600 it",
			path, info.Mode().Perm())
	}
	return err
}

// operatorClaims name the system's account.
func (k *keys) operatorClaims() *jwt.OperatorClaims {
	c := jwt.NewOperatorClaims(k.operatorID)
	c.Name, c.SystemAccount = "rtcbench", k.systemID
	return c
}

func (k *keys) systemJWT() (string, error) {
	c := jwt.NewAccountClaims(k.systemID)
	c.Name = "system"
	return c.Encode(k.operator)
}

// accountClaims are the claims of the account of hub and runners: the rights of a runner, and the revoked keys.
func (k *keys) accountClaims(revoked map[string]time.Time) *jwt.AccountClaims {
	c := jwt.NewAccountClaims(k.accountID)
	c.Name = "fleet"
	c.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit,
		Streams: jwt.NoLimit, Consumer: jwt.NoLimit, MaxAckPending: jwt.NoLimit,
		MemoryMaxStreamBytes: jwt.NoLimit, DiskMaxStreamBytes: jwt.NoLimit}
	scope := jwt.NewUserScope()
	scope.Key, scope.Role = k.scopedID, "runner"
	scope.Template.Pub.Allow = fleet.Publishes()
	scope.Template.Sub.Allow = fleet.Subscribes()
	scope.Template.Limits.Subs = runnerSubscriptions
	c.SigningKeys.AddScopedSigner(scope)
	for key := range revoked {
		c.RevokeAt(key, never)
	}
	return c
}

// never is after the time in every JWT. A key that is revoked never comes back, and a JWT may have been issued later
// than its key was revoked, by a clock that was set back meanwhile.
var never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// runnerSubscriptions bounds the subscriptions of a runner. A runner needs fewer: its inbox, its own messages, and the
// messages to all.
const runnerSubscriptions = 16

// runnerJWT is the JWT that admits a runner, together with the runner's key. The JWT does not expire: its key is
// revoked instead.
func (k *keys) runnerJWT(name, key string) (string, error) {
	c := jwt.NewUserClaims(key)
	c.Name, c.IssuerAccount = name, k.accountID
	c.UserPermissionLimits = jwt.UserPermissionLimits{} // the scope sets them
	return c.Encode(k.scoped)
}

// userJWT is a JWT of the hub itself, with all rights in an account.
func (k *keys) userJWT(account nkeys.KeyPair) (token string, seed []byte, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return "", nil, err
	}
	id, err := pair.PublicKey()
	if err != nil {
		return "", nil, err
	}
	c := jwt.NewUserClaims(id)
	c.Name = "hub"
	if token, err = c.Encode(account); err != nil {
		return "", nil, err
	}
	seed, err = pair.Seed()
	return token, seed, err
}
