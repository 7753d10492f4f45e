package livekit

import (
	"context"
	"errors"
	"testing"
	"time"

	"rtcbench/bench"
	"rtcbench/internal/sandbox/sandboxtest"
)

// TestAStallInDTLS: a path that carries ICE's checks and no DTLS ends a join at its limit, and is named as what it is.
func TestAStallInDTLS(t *testing.T) {
	t.Parallel()
	server := sandboxtest.Start(t)
	token, err := Key{server.Key, server.Secret}.Mint("stalled", "me", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	const limit = 8 * time.Second // more than the SDK's own, and enough for ICE on a busy machine
	begin := time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), begin.Add(limit))
	defer cancel()
	s, err := Transport{}.Join(ctx, bench.Room{URL: server.WithoutDTLS(t), Token: token},
		bench.JoinOptions{ReconnectTimeout: time.Minute})
	took := time.Since(begin)
	var late *bench.LateError
	if !errors.As(err, &late) || late.Waiting != bench.StepDTLS || late.After > limit {
		t.Fatalf("%v, %v; want a join that waits for %s", s, err, bench.StepDTLS)
	}
	if took < limit || took > limit+prompt {
		t.Errorf("it ended after %v, want %v", took, limit)
	}
	want := "no data channel to the server in 8s, waiting for the DTLS handshake (does the path lose much?)"
	if err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
