package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/nats-io/nkeys"

	"rtcbench/internal/fleet"
	"rtcbench/internal/outbox"
)

// File is what a runner keeps on disk: its identity and its rights. The seed is the runner's private key and never
// leaves the file.
type File struct {
	Hub     string      `json:"hub"` // address with pin
	Place   fleet.Place `json:"place"`
	Seed    string      `json:"seed"`
	JWT     string      `json:"jwt"` // "" = it has not joined yet
	PlanKey []byte      `json:"plan_key,omitempty"`

	Serial uint64        `json:"serial,omitempty"` // of the newest plan that was ever accepted; older plans are refused
	Signed *fleet.Signed `json:"plan,omitempty"`

	path string
}

// ErrNoFile says that this runner has not joined a hub yet.
var ErrNoFile = errors.New("this runner has not joined a hub yet")

// Load reads the file at path.
func Load(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoFile
	}
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil && os.PathSeparator == '/' && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o), and whoever has it is this runner: chmod 600 it",
			path, info.Mode().Perm())
	}
	f := &File{path: path}
	if err := json.Unmarshal(data, f); err != nil || f.Seed == "" {
		return nil, fmt.Errorf("%s is not the file of a runner, or is damaged: move it away and join again", path)
	}
	return f, nil
}

func (f *File) save() error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	if err := outbox.WriteFile(f.path, data); err != nil {
		return fmt.Errorf("keep who this runner is: %w", err)
	}
	return nil
}

// pair is the runner's key.
func (f *File) pair() (nkeys.KeyPair, error) { return nkeys.FromSeed([]byte(f.Seed)) }

// Joined reports whether the hub has let the runner in.
func (f *File) Joined() bool { return f.JWT != "" }

// Path is where the file is.
func (f *File) Path() string { return f.path }
