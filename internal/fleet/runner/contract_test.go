package runner

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rtcbench/internal/fleet"
)

// sentBefore reads what rtcbench sent in version 1 of the contract.
func sentBefore(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "contract1", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestAHubOfTheVersionBefore answers in the words that it knows, and reads version 1 in what this runner says. Its plan
// is taken, its seats are, and what they are for is measured.
func TestAHubOfTheVersionBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, begun := place(t, 5*time.Minute, fleet.Job{Name: "all", Platform: "livekit"})
		var key []byte
		if err := json.Unmarshal(sentBefore(t, "plan-key"), &key); err != nil {
			t.Fatal(err)
		}
		r.file.PlanKey, r.file.Serial, r.file.Signed = key, 0, nil
		r.me.Labels = map[string]string{"region": "eu"}
		r.plan = nil
		at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
		time.Sleep(at.Add(-time.Second).Sub(time.Now()))
		seats := 0
		r.request = func(_ context.Context, subject string, data []byte) ([]byte, error) {
			var said struct{ Protocol int }
			if err := json.Unmarshal(data, &said); err != nil {
				t.Error(err)
			}
			switch {
			case strings.HasSuffix(subject, ".hello"):
				if said.Protocol != 1 {
					t.Errorf("a hub of version 1 is told of version %d, and does not answer", said.Protocol)
				}
				return sentBefore(t, "heard"), nil
			case strings.HasSuffix(subject, ".plan"):
				return sentBefore(t, "plan"), nil
			}
			if seats++; seats > 1 {
				return []byte(`{"serial":6,"to":"2026-12-01T00:00:00Z"}`), nil
			}
			return sentBefore(t, "seats"), nil
		}
		if err := r.hello(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
		defer cancel()
		r.work(ctx)
		if r.plan.Serial != 6 || len(*begun) != 2 || r.wrong() != "" { // the two jobs of one slot
			t.Errorf("plan %d, %d runs, %q", r.plan.Serial, len(*begun), r.wrong())
		}
	})
}

// TestAHubThatIsNotUnderstood: the runner says so once in its log, in each hello, and where its health is asked. It
// goes on in the seats that it has. When the hub is upgraded all is well again.
func TestAHubThatIsNotUnderstood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		r, _, begun := place(t, 5*time.Minute, fleet.Job{Name: "a", Platform: "livekit", Aligned: true})
		r.options.Log = slog.New(slog.NewTextHandler(&log, nil))
		answer, errors := `{"protocol":7,"newest":8,"serial":99}`, ""
		r.request = func(_ context.Context, subject string, data []byte) ([]byte, error) {
			if !strings.HasSuffix(subject, ".hello") {
				t.Errorf("it asks a hub that it does not understand: %s", subject)
			}
			var said fleet.Hello
			if err := json.Unmarshal(data, &said); err != nil {
				t.Error(err)
			}
			errors = said.Error
			return []byte(answer), nil
		}
		const why = "the hub speaks versions 7 to 8 of the contract, and this runner 1 to 2: upgrade the older"
		for range 3 {
			if err := r.hello(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.Contains(errors, why) || strings.Count(log.String(), why) != 1 {
			t.Errorf("told %q, logged:\n%s", errors, &log)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 31*time.Minute)
		defer cancel()
		r.work(ctx)
		if n, err := r.box.Count(); n != 6 || len(*begun) != 6 || err != nil {
			t.Errorf("%d runs, %d wait: %v", len(*begun), n, err)
		}
		if text := scraped(t, r); !strings.Contains(text, "\nrtcbench_runner_hub_unlike 1\n") {
			t.Error(text)
		}
		answer = `{"protocol":1,"newest":2,"refused":"too old"}`
		if err := r.hello(t.Context()); err != nil || !strings.Contains(r.wrong(), "the hub says: too old") {
			t.Errorf("refused: %v, %q", err, r.wrong())
		}
		answer = `{"protocol":2,"newest":3,"serial":5}`
		if err := r.hello(t.Context()); err != nil || r.wrong() != "" {
			t.Errorf("after the upgrade: %v, %q", err, r.wrong())
		}
	})
}

// TestARunnerThatWasMuchOlder: the plan in its file is of a contract that is not spoken any more. The runner starts,
// and takes no plan that is older than that one.
func TestARunnerThatWasMuchOlder(t *testing.T) {
	r, key, _ := place(t, 5*time.Minute, fleet.Job{Name: "a", Platform: "livekit"})
	f := *r.file
	f.Signed = signedBy(key, `{"protocol":9,"serial":5,"jobs":"none"}`)
	again, err := New(&f, r.options)
	if err != nil || again.plan != nil || !strings.Contains(again.wrong(), "upgrade the older of the two") {
		t.Fatalf("%v, %q", err, again.wrong())
	}
	if err := again.take(*signedBy(key, `{"protocol":1,"serial":4,"every_ns":60000000000}`)); err == nil {
		t.Error("an older plan is taken")
	}
	if err := again.take(*signedBy(key, `{"protocol":1,"serial":6,"every_ns":60000000000}`)); err != nil {
		t.Error(err)
	}
}

// signedBy is a plan as a hub with that key sends it, whatever it says.
func signedBy(key ed25519.PrivateKey, text string) *fleet.Signed {
	return &fleet.Signed{Plan: []byte(text), Signature: ed25519.Sign(key, []byte("rtcbench plan\x00"+text))}
}

// scraped is what Prometheus reads of a runner.
func scraped(t *testing.T, r *Runner) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}
