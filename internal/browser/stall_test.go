package browser_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rtcbench/internal/benchtest"
	"rtcbench/internal/browser"
	"rtcbench/internal/platform/livekit"
	"rtcbench/internal/sandbox/sandboxtest"
)

// TestAStallInDTLS is the native engine's test of that name in a page.
func TestAStallInDTLS(t *testing.T) {
	benchtest.Beside(t, benchtest.WithBrowser)
	server := sandboxtest.Start(t)
	b := start(t)
	page, err := b.OpenFirst(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { page.Close() })
	token, err := livekit.Key{Key: server.Key, Secret: server.Secret}.Mint("stalled", "me", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	const limit = 12 * time.Second
	begin := time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), begin.Add(limit))
	defer cancel()
	err = page.Join(ctx, of(browser.JoinConfig{Platform: "livekit", URL: server.WithoutDTLS(t), Token: token}))
	var late *browser.LateError
	if !errors.As(err, &late) || late.Error() != "no DTLS to the server" || time.Since(begin) < limit {
		t.Errorf("after %v: %v; want no DTLS to the server in %v", time.Since(begin), err, limit)
	}
}
