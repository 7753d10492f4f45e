package runner

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/nats-io/nkeys"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
)

const joinTimeout = 30 * time.Second

// joiningTail is what the name of the file ends in that holds a key which the hub may not have let in yet.
const joiningTail = ".joining"

// Join joins a hub with a token, and keeps the result in the file at path. If the answer is lost, a second call sends
// the same key and spends no further use of the token. Until the hub has let the runner in, the file at path stays as
// it is: a runner of another hub still belongs there if this one refuses it.
func Join(ctx context.Context, path, hub, token, version string, place fleet.Place, proxy Proxy) (*File, error) {
	address, err := fleet.ReadAddress(hub)
	if err != nil {
		return nil, err
	}
	joining := path + joiningTail
	f, err := Load(joining)
	if errors.Is(err, ErrNoFile) {
		f, err = Load(path) // an older version kept it there
	}
	switch {
	case errors.Is(err, ErrNoFile):
		f = &File{}
	case err != nil:
		return nil, err
	}
	if f.Joined() || f.Seed == "" || f.Place.Name != place.Name || f.Hub != address.String() { // makes a new key
		pair, err := nkeys.CreateUser()
		if err != nil {
			return nil, err
		}
		seed, err := pair.Seed()
		if err != nil {
			return nil, err
		}
		f = &File{Seed: string(seed)}
	}
	f.Hub, f.Place, f.path = address.String(), place, joining
	pair, err := f.pair()
	if err != nil {
		return nil, err
	}
	j, err := fleet.Join{Contract: fleet.Ours, Token: token, Place: place, Version: version}.Sign(pair)
	if err == nil {
		err = j.Check()
	}
	if err != nil {
		return nil, err
	}
	if err := f.save(); err != nil { // the key is on disk before the hub knows it
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	var welcome fleet.Welcome
	err = call.Hub{Address: address, Proxy: proxy, Token: j.Token}.Do(ctx, http.MethodPost, fleet.JoinPath, j, &welcome)
	if _, refused := errors.AsType[*call.RefusedError](err); refused {
		os.Remove(joining) // the hub does not know the key
	}
	if err != nil {
		return nil, err
	}
	f.JWT, f.PlanKey, f.path = welcome.JWT, welcome.PlanKey, path
	if err := f.save(); err != nil {
		return nil, err
	}
	os.Remove(joining) // if it stays, the next join replaces it
	return f, nil
}

// Proxy gives the proxy for a URL; nil = no proxy.
type Proxy = call.Proxy
