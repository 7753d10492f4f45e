package runner

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nats-io/nkeys"

	"rtcbench/internal/fleet"
	"rtcbench/internal/fleet/call"
)

const joinTimeout = 30 * time.Second

// Join joins a hub with a token, and keeps the result in the file at path. If the answer is lost, a second call sends
// the same key and spends no further use of the token.
func Join(ctx context.Context, path, hub, token, version string, place fleet.Place, proxy Proxy) (*File, error) {
	address, err := fleet.ReadAddress(hub)
	if err != nil {
		return nil, err
	}
	f, err := Load(path)
	switch {
	case errors.Is(err, ErrNoFile):
		f = &File{path: path}
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
		f = &File{path: path, Seed: string(seed)}
	}
	f.Hub, f.Place = address.String(), place
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
	if err != nil {
		return nil, err
	}
	f.JWT, f.PlanKey = welcome.JWT, welcome.PlanKey
	return f, f.save()
}

// Proxy gives the proxy for a URL; nil = no proxy.
type Proxy = call.Proxy
